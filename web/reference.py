"""The description of the JSON interface (OpenAPI 3.1) as one plain page, which needs no script and no other host.

Knows OpenAPI. Never knows what the interface is about.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8886; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
h2 { margin-top: 2.5rem; }
"""


def page(openapi: dict[str, Any]) -> str:
    """The page of an OpenAPI description."""
    title = escape(openapi["info"]["title"])
    operations = [
        "".join(_operation(method, path, operation))
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = ["".join(_schema(name, schema)) for name, schema in openapi["components"]["schemas"].items()]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: the interface</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{title}: the interface</h1><p>{escape(openapi['info'].get('description', ''))}</p>"
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a>.</p>'
        f"{''.join(operations)}<h2>What goes in and comes out</h2>{''.join(schemas)}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<section><h2><code>{method.upper()} {escape(path)}</code></h2><p>{_text(operation)}</p>"
    if parameters := operation.get("parameters"):
        yield _table(
            ("parameter", "type", "meaning"), [(p["name"], _type(p["schema"]), _meaning(p)) for p in parameters]
        )
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        yield f"<p>Takes {_type(schema)} as JSON:</p>"
    answers = [
        (status, ", ".join(_type(c["schema"]) for c in answer.get("content", {}).values() if c.get("schema")), answer)
        for status, answer in operation["responses"].items()
    ]
    yield _table(
        ("status", "answer", "meaning"), [(status, kind, answer["description"]) for status, kind, answer in answers]
    )
    yield "</section>"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}"><code>{escape(name)}</code></h3><p>{_text(schema)}</p>'
    required = schema.get("required", [])
    rows = [
        (field, _type(about) + ("" if field in required else ", may be left out"), about.get("description", ""))
        for field, about in schema.get("properties", {}).items()
    ]
    yield _table(("field", "type", "meaning"), rows)
    if example := schema.get("example"):
        yield f"<p>For example:</p><pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"


def _table(heads: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    """The middle column is HTML already, as it may link."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    lines = (f"<tr><td><code>{escape(a)}</code></td><td>{b}</td><td>{escape(c)}</td></tr>" for a, b, c in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _type(schema: dict[str, Any]) -> str:
    """A type in a few words, as HTML; one that is described on this page is a link."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if choices := schema.get("anyOf"):
        return " or ".join(_type(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    kind = schema.get("format") or schema.get("type", "anything")
    bounds = {"minimum": "from", "maximum": "to", "maxLength": "of at most"}
    limits = [f"{word} {schema[key]}" for key, word in bounds.items() if key in schema]
    return escape(" ".join([kind, *limits]))


def _meaning(parameter: dict[str, Any]) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description", ""))


def _text(described: dict[str, Any]) -> str:
    return escape(" ".join(described.get("description", "").split()))
