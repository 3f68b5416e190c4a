"""Rows are articles, whatever their columns are called, and are read one by one."""

import base64
import io
import json
from collections.abc import Iterator
from datetime import date
from itertools import islice

import pytest

from index.errors import InputError
from index.formats.record import Reader, Record
from index.formats.tables import json_lines, json_values, parquet, records, separated

PROSE = "The council met on Friday evening to vote on the budget of the coming year, which had been late. " * 3


def read(reader: Reader, data: str | bytes) -> list[Record | str]:
    return list(reader(io.BytesIO(data.encode() if isinstance(data, str) else data)))


def rows(**columns: str) -> list[dict[str, str]]:
    return [{name: f"{cell} {number}" for name, cell in columns.items()} for number in range(20)]


def one(found: list[Record | str]) -> Record:
    (record,) = found
    assert isinstance(record, Record), record
    return record


def test_without_a_known_name_the_longest_prose_is_the_text_and_a_short_column_the_title() -> None:
    found = list(records(rows(code="x1", wire="The Press Agency", head="Council votes on its budget", stuff=PROSE)))
    assert found[3] == Record(f"{PROSE} 3", title="The Press Agency 3")  # it comes first and never repeats
    table = [row | {"wire": "The Press Agency"} for row in rows(head="Council votes on its budget", stuff=PROSE)]
    assert list(records(table))[3] == Record(f"{PROSE} 3", title="Council votes on its budget 3")


def test_a_known_name_of_another_field_counts_beside_a_guess() -> None:
    table = rows(wire="The Press Agency reports", headline="H", stuff=PROSE, outlet="O", byline="Ada")
    assert next(records(table)) == Record(f"{PROSE} 0", title="H 0", source="O 0", author="Ada 0")


@pytest.mark.parametrize(
    "cell",
    [
        "A remark that is short.",
        base64.b64encode(PROSE.encode()).decode(),
        "https://x.example/" + "a-long-address/" * 30,
        "1 2 3 4 5 6 7 8 9 " * 30,
    ],
)
def test_what_is_no_prose_is_never_taken_for_the_text(cell: str) -> None:
    with pytest.raises(InputError, match="these names are known: text, content"):
        list(records(rows(a=cell, b="x")))


def test_a_table_whose_first_row_is_prose_has_no_header() -> None:
    found = read(separated, f'Council votes on the budget,"{PROSE}"\nThe mayor has resigned,"{PROSE}again"\n')
    assert found == [
        Record(PROSE, title="Council votes on the budget"),
        Record(f"{PROSE}again", title="The mayor has resigned"),
    ]


def test_rows_are_read_only_as_they_are_asked_for() -> None:
    asked = 0

    def endless() -> Iterator[dict[str, str]]:
        nonlocal asked
        while True:
            asked += 1
            yield {"text": PROSE}

    assert len(list(islice(records(endless()), 5_000))) == 5_000
    assert asked == 5_000
    long = ({"text": "x" * 2_000_000} for asked in range(10))
    next(records(long))
    assert next(long) and len(list(long)) == 8  # a million characters are sample enough


@pytest.mark.parametrize("sign", ",;\t|")
def test_the_sign_between_the_cells_is_found(sign: str) -> None:
    assert one(read(separated, f"title{sign}text\nOne{sign}First.\n")) == Record("First.", title="One")
    assert one(read(separated, f"a{sign}b\n1{sign}{PROSE.replace(',', '')}\n")).text == PROSE.replace(",", "")


def test_a_quotation_mark_that_is_never_closed_costs_its_row_however_long_the_table() -> None:
    table = 'title,text\nOne,"never closed\n' + "".join(f"T{i},Text {i}.\n" for i in range(20_000))
    found = read(separated, table)
    assert isinstance(found[0], str) and "damaged row" in found[0]
    assert found[1:] == [Record(f"Text {i}.", title=f"T{i}") for i in range(20_000)]


@pytest.mark.parametrize(
    "text",
    [
        '[{"text": "One."}, {"text": "Two."}]',
        '{"text": "One."}\n{"text": "Two."}\n',
        '{"status": "ok", "articles": [{"text": "One."}, {"text": "Two."}], "tags": [{"n": 1}]}',
        '{"response": {"results": [{"text": "One."}, {"text": "Two."}]}}',
        '\ufeff [\n{"text": "One.", "n": ' + "9" * 5_000 + '},\n{"text": "Two.", "n": 1e99999}]',
    ],
)
def test_json_may_hold_its_objects_in_any_of_the_usual_ways(text: str) -> None:
    assert read(json_values, text) == [Record("One."), Record("Two.")]


def test_one_json_object_is_one_article() -> None:
    authors = [{"name": "Ada"}, "Bob", ["no"], None]
    value = {"text": "One.", "authors": authors, "publisher": {"name": "Planet"}, "comments": [{"text": "no"}]}
    assert one(read(json_values, json.dumps(value))) == Record("One.", source="Planet", author="Ada, Bob")


def test_a_long_list_of_json_objects_is_read_piece_by_piece() -> None:
    text = json.dumps([{"text": f"{number} {PROSE}"} for number in range(8_000)])
    file = io.BytesIO(text.encode())
    found = json_values(file)
    assert next(found) == Record(f"0 {PROSE}")
    assert file.tell() < len(text)
    assert sum(1 for _ in found) == 7_999


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1, 2, 3]", "not a JSON object"),
        ('[{"text": "One."', "not JSON"),
        ('{"a":' * 100_000, "not JSON"),
        ("nothing", "not JSON"),
    ],
)
def test_json_that_cannot_be_read_is_said_once(text: str, why: str) -> None:
    (reason,) = read(json_values, text)
    assert isinstance(reason, str) and why in reason


def test_json_before_the_damage_is_read() -> None:
    found = read(json_values, '[{"text": "One."}, {"text": "Two."}, {"text": "Thr')
    assert found[:2] == [Record("One."), Record("Two.")] and isinstance(found[2], str)


def test_a_settings_file_is_no_table_of_articles() -> None:
    with pytest.raises(InputError, match="no column"):
        read(json_values, json.dumps({"name": "x", "version": "1", "scripts": {"test": "make"}}))


def test_a_line_of_json_may_hold_any_number() -> None:
    assert read(json_lines, '{"text": "One.", "n": ' + "9" * 5_000 + "}") == [Record("One.")]


def test_parquet_is_read_by_its_columns() -> None:
    arrow, library = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "Headline": ["One", "Two", None],
        "content": ["First.", "Second.", "Third."],
        "date": [date(2017, 11, 3), None, date(2017, 11, 4)],
        "authors": [["Ada", "Bob"], [], None],
        "vector": [[0.1] * 4] * 3,
    }
    file = io.BytesIO()
    library.write_table(arrow.table(columns), file, row_group_size=2)
    assert read(parquet, file.getvalue()) == [
        Record("First.", title="One", published="2017-11-03", author="Ada, Bob"),
        Record("Second.", title="Two"),
        Record("Third.", published="2017-11-04"),
    ]
    for damaged in (file.getvalue()[:-20], b"PAR1" + bytes(200) + b"PAR1", b"", b"PAR1\xff\xff\xff\xffPAR1"):
        with pytest.raises(InputError, match="not a Parquet file"):
            read(parquet, damaged)
