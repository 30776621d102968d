"""Superset's settings, read by Superset itself (SUPERSET_CONFIG_PATH).

Belongs here: where its own files are, and what keeps it on this machine. Does not belong here: dashboards.
"""

import os
from pathlib import Path

_HOME = Path(os.environ["SUARA_SUPERSET_HOME"])

SECRET_KEY = (_HOME / "secret_key").read_text("utf-8").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_HOME / 'superset.db'}"
# Several threads of one process write the log of what was opened: wait for the file, do not fail.
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}

APP_NAME = "Suara"
LOGO_TARGET_PATH = "/dashboard/list/"
# Nothing is loaded from elsewhere: no logo that counts visits, no maps, no fonts.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    # 127.0.0.1 speaks plain HTTP.
    "session_cookie_secure": False,
}
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY_WARNING = False

# Answers are never kept: a publish shows at the next look.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
RATELIMIT_STORAGE_URI = "memory://"

# No mails, no uploads, nobody without a password.
FEATURE_FLAGS = {"ALERT_REPORTS": False, "ENABLE_TEMPLATE_PROCESSING": False}
PUBLIC_ROLE_LIKE = None

# The shades of pictures whose cells are numbers: from nearly white to the dark of the study report.
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "suara_shades",
        "label": "Suara shades",
        "description": "",
        "isDiverging": False,
        "colors": ["#f4f8f8", "#cfe4e2", "#9fcdc9", "#5fa8a3", "#2f8785"],
    }
]
LOG_LEVEL = "ERROR"
