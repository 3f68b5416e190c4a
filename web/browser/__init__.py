"""What runs in the browser beside the HTML of `web.markup`: the style, the scripts, and what they may reach.

Knows its own files, which know the class names of `web.markup` and the element ids of `web.page`.
Never knows a question.
"""

from importlib.resources import files

# A second fence behind the escaping: the browser itself refuses any other host and any form.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; object-src 'none'"
)

_BEFORE = {"shelf": ("twice",), "talks": ("twice",)}


def script(name: str) -> str:
    """The JavaScript file of that name, without its ending; before it what it shares with others."""
    return "".join(_read(f"{each}.js") for each in (*_BEFORE.get(name, ()), name))


def fragment(name: str) -> str:
    """The HTML file of that name, without its ending."""
    return _read(f"{name}.html")


def told(event: str, what: str = "") -> str:
    """JavaScript that tells `asking.js` of an event, be it there yet or not."""
    return f"() => {{ (window.told ??= []).push(['{event}', '{what}']); document.dispatchEvent(new Event('told')); }}"


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


# Not through Gradio's `css`, which puts a prefix before every selector and so loses half of them.
HEAD = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_read("page.css")}</style>'
