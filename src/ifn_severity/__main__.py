"""``python -m ifn_severity`` and the console script: the command line and its way of failing."""

from __future__ import annotations

import sys

from ifn_severity.errors import IfnSeverityError


def main() -> None:
    """Run the command line; a user's mistake ends in one block and exit code 2."""
    from ifn_severity.commands.cli import app, show_error, show_warnings

    show_warnings()
    try:
        app()
    except IfnSeverityError as error:
        show_error(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; what was finished is kept\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
