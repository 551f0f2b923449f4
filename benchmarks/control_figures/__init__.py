"""The figures of docs/control.md, one file per experiment."""
