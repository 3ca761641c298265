from numba.core import caching

from emospike.compiling import compile_kernel


def double(x):
    return 2 * x


def test_a_kernel_is_kept_where_there_is_room():
    kernel = compile_kernel(nogil=True)(double)
    assert kernel(4) == 8
    assert kernel.stats.cache_path is not None


def test_a_kernel_is_compiled_where_nothing_can_be_kept(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    kernel = compile_kernel(nogil=True)(double)
    assert kernel(4) == 8
    assert kernel.stats.cache_path is None
