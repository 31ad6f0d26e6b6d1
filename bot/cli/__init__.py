"""The `paperbrief` command. Nothing heavy is imported here, so that `--help` answers at once."""


def run() -> None:
    """Run the command line."""
    from bot.cli.main import main

    main()
