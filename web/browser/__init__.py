"""What runs in the browser beside the HTML of `web.markup`: the style and the scripts.

Knows its own files, which know the class names of `web.markup` and the element ids of `web.page`.
Never knows a question.
"""

from importlib.resources import files

_BEFORE = {"shelf": ("twice",), "talks": ("twice",), "thread": ("unfolded",)}


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
HEAD = f"<style>{_read('page.css')}</style>"
