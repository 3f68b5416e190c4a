"""What the tests ask, the hostile article that they put among the seed articles, and how long they wait."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SPOKESMAN = "Who is the Syrian army spokesman?"
LOST = "How much of the territory it once held has the Islamic State lost?"
ELSEWHERE = "Who won the 2018 FIFA World Cup?"
TRAP = "<script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1></svg>"
MARKDOWN = "**bold** [a link](http://evil.example/) ![pixel](http://evil.example/p.png) $$x^2$$ `code`"
HOSTILE = {
    "title": f"Harbour news {TRAP} {MARKDOWN}",
    "text": f"Ships came and went.\n\nThe harbour master of Oddville is Mara Quillfeather {TRAP} {MARKDOWN}, ever.\n",
    "source": f"Gazette {TRAP}",
    "url": "javascript:window.ran=1",
}
PATIENCE = 60_000
"""Milliseconds for what loads models or builds: far more than either takes, as other work may hold the machine."""
