"""``python -m ifn_severity`` and the console script: the command line and its way of failing."""

from __future__ import annotations

import sys

from ifn_severity.errors import IfnSeverityError

INTERRUPTED = 130


def main() -> None:
    """Run the command line; a user's mistake ends in one block and exit code 2."""
    from ifn_severity.commands.cli import app, show_error, show_warnings

    show_warnings()
    try:
        app()
    except IfnSeverityError as error:
        show_error(error)
        sys.exit(2)
    except SystemExit as stop:
        # typer turns Ctrl-C into this code, and says nothing where no one is watching
        if stop.code == INTERRUPTED:
            sys.stderr.write("stopped; what was finished is kept\n")
        raise


if __name__ == "__main__":
    main()
