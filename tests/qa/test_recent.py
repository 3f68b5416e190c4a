import threading

from qa.recent import Recent


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    recent = Recent[str](2)
    recent.put("a", "first")
    recent.put("b", "second")
    assert recent.get("a") == "first"
    recent.put("c", "third")
    assert [recent.get(key) for key in "abc"] == ["first", None, "third"]


def test_values_are_bounded_by_what_they_weigh_together() -> None:
    recent = Recent[str](10, len)
    for key, value in (("a", "x" * 4), ("b", "x" * 4), ("c", "x" * 4)):
        recent.put(key, value)
    assert [bool(recent.get(key)) for key in "abc"] == [False, True, True]
    recent.put("d", "x" * 10)
    assert [bool(recent.get(key)) for key in "abcd"] == [False, False, False, True]


def test_what_has_no_room_by_itself_is_not_kept_and_takes_the_old_value_along() -> None:
    recent = Recent[str](3, len)
    recent.put("a", "old")
    recent.put("a", "far too long")
    assert recent.get("a") is None
    recent.put("b", "new")
    assert recent.get("b") == "new"


def test_a_value_put_again_weighs_once() -> None:
    recent = Recent[str](3, len)
    for _ in range(5):
        recent.put("a", "xx")
    recent.put("b", "x")
    assert (recent.get("a"), recent.get("b"), len(recent)) == ("xx", "x", 2)


def test_many_threads_never_fill_it_beyond_its_room() -> None:
    recent = Recent[int](50, lambda value: value)
    most = []

    def use(seed: int) -> None:
        for number in range(300):
            recent.put((seed * number) % 70, 1 + number % 5)
            recent.get(number % 70)
            most.append(len(recent))

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 51  # seen between putting one in and forgetting another
    assert sum(recent.get(key) or 0 for key in range(70)) <= 50
