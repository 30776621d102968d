"""Run by Superset's own Python: its database of settings, the first user, the dashboards.

Belongs here: the only lines that import Superset. Does not belong here: anything of Suara; what to import comes as a
folder of YAML files.

Each step may be repeated. One process for all of them, since importing Superset alone takes seconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(bundle: Path) -> None:
    from superset.app import create_app

    with create_app().app_context():
        from flask_migrate import upgrade
        from superset import appbuilder, db, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.utils.core import override_user

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        user = security_manager.find_user("admin")
        if password := os.environ.get("SUARA_SUPERSET_PASSWORD"):
            if user is None:
                admin = security_manager.find_role("Admin")
                user = security_manager.add_user("admin", "Suara", "Admin", "admin@localhost", admin, password=password)
            else:
                security_manager.reset_password(user.id, password)
            db.session.commit()
        if not user:
            sys.exit("There is no user admin, and no password for one.")
        contents = {p.relative_to(bundle).as_posix(): p.read_text("utf-8") for p in sorted(bundle.rglob("*.yaml"))}
        with override_user(user):
            ImportAssetsCommand(contents, overwrite=True).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
