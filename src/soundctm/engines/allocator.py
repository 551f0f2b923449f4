"""Memory that is freed and soon wanted again."""

import ctypes

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # of mallopt(3)
LARGEST, KEPT = 32 << 20, 512 << 20  # bytes; the first is the most that glibc takes


def keep_freed_memory() -> bool:
    """Let this process keep up to 512 MB of freed memory for its next tensors, where the C library is glibc.

    By default the memory of every large tensor is asked of the system, page by page, and given back with it; on a CPU a
    take of the embedded model pays for thousands of pages. No result changes. False where the C library has no such
    setting.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST)) and bool(mallopt(TRIM_THRESHOLD, KEPT))
