"""What an operator sees of many questions: counts and latencies, and no word of a user's."""

from prometheus_client.parser import text_string_to_metric_families

from index.errors import CorpusError
from web.metrics import Metrics


def values(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every number by its name and labels, as Prometheus's own parser reads them."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_counts_add_up():
    metrics = Metrics()
    for seconds in (0.07, 0.07, 4.0):
        metrics.examined(seconds, {"searching": 0.01, "reading": 0.05})
    metrics.decided(True)
    metrics.decided(False)
    metrics.refused(CorpusError("the index of Mara Quillfeather is damaged"))
    seen = values(metrics)
    assert seen["qa_question_seconds_count",] == 3 and round(seen["qa_question_seconds_sum",], 6) == 4.14
    assert (seen["qa_question_seconds_bucket", "0.1"], seen["qa_question_seconds_bucket", "5.0"]) == (2, 3)
    assert round(seen["qa_step_seconds_total", "reading"], 6) == 0.15
    assert (seen["qa_decisions_total", "answered"], seen["qa_decisions_total", "declined"]) == (1, 1)
    assert seen["qa_refusals_total", "CorpusError"] == 1
    assert "Quillfeather" not in metrics.text().decode()


def test_what_is_watched_is_asked_for_each_time():
    metrics, waiting = Metrics(), [3.0]
    metrics.watch("qa_questions_waiting", "Questions that wait.", lambda: waiting[0])
    assert values(metrics)["qa_questions_waiting",] == 3
    waiting[0] = 0.0
    assert values(metrics)["qa_questions_waiting",] == 0


def test_the_process_itself_is_seen():
    assert values(Metrics())["process_resident_memory_bytes",] > 0


def test_two_servers_in_one_process_count_apart():
    first, second = Metrics(), Metrics()
    first.decided(True)
    assert values(second)["qa_decisions_total", "answered"] == 0
