"""The command before its imports."""

import subprocess
import sys


def test_an_interrupt_among_the_imports_is_no_traceback() -> None:
    lines = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from soundctm.cli.entry import main\n"
        "main()"
    )
    result = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "soundctm: interrupted\n")
