"""`python -m inspect_app.cli` is the same as `inspect-app`."""

from inspect_app.cli import main

if __name__ == "__main__":
    main(prog_name="inspect-app")
