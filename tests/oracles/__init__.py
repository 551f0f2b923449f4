"""References that tests compare with: closed forms, and tensors of the official code."""
