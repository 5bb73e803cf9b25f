"""While pictures are worked on, products of matrices start no threads; afterwards they may."""

from threadpoolctl import ThreadpoolController

from channel.one_blas_thread import OneBlasThread


def threads() -> set[int]:
    found = ThreadpoolController().select(user_api="blas").info()
    return {library["num_threads"] for library in found}


def test_the_number_of_threads_comes_back_when_the_last_one_leaves() -> None:
    one, before = OneBlasThread(), threads()
    with one:
        with one:
            assert threads() <= {1}
        assert threads() <= {1}
    assert threads() == before


def test_an_error_inside_brings_it_back_as_well() -> None:
    one, before = OneBlasThread(), threads()
    try:
        with one:
            raise ValueError
    except ValueError:
        pass
    assert threads() == before
