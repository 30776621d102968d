{{ notices_of('x_api_v2') }}
