"""Says when Superset answers; read by gunicorn."""


def post_worker_init(worker):
    host, port = worker.cfg.address[0]
    print(f"Superset answers: http://{host}:{port}/dashboard/list/", flush=True)
