"""The one error class for mistakes a user can make and mend."""


class UserError(ValueError):
    """Bad input from outside: a prompt, a number, a file, a folder, a model.

    The message is one line that says what was received, what is accepted and what to do. The command line prints it
    and ends with exit code 2; in Python it is a ``ValueError``.
    """
