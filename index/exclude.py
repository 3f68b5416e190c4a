"""Take articles out of an index that are still in the files, and let them in again.

Knows what is left out, and for how long. Never knows how an article is read.

What is left out is a fact about the index: an id with the digest that its article had. Builds
leave an article out while it has that digest; once its file is changed, it is another article.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from index.build import build_lock, publish, readmitted
from index.catalog import Catalog
from index.errors import InputError
from index.vector_files import remove_old_files, wanted_kind


def exclude(article_ids: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Take articles out, at once and until they change; returns their ids and those of their exact copies.

    Raises:
        InputError: there is no such article; nothing was taken out.
        CorpusError: there is no index in `folder`, it cannot be written, or a build runs.
    """
    with build_lock(folder, wait=0), Catalog(folder) as catalog:
        digests = catalog.digests()
        if unknown := [article_id for article_id in article_ids if article_id not in digests]:
            raise InputError(f"there is no article {', '.join(unknown)} in the index: `qa articles` lists them")
        out = sorted({origin for article_id in article_ids for origin in catalog.origins(article_id)})
        with catalog.transaction():
            catalog.assign(dict.fromkeys(out))
            kept_out = catalog.excluded() | {article_id: digests[article_id] for article_id in out}
            publish(catalog, wanted_kind(catalog), excluded=json.dumps(kept_out))
        remove_old_files(catalog)
    return tuple(out)


def readmit(article_ids: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Let the next build read articles that were excluded; returns their ids and those of their exact copies.

    They stay excluded until it publishes them: where it is cut short or does not find them, nothing has changed.

    Raises:
        InputError: one of them was not excluded; nothing was changed.
        CorpusError: there is no index in `folder`, it cannot be written, or a build runs.
    """
    with build_lock(folder, wait=0), Catalog(folder) as catalog:
        kept_out = catalog.excluded()
        if unknown := [article_id for article_id in article_ids if article_id not in kept_out]:
            raise InputError(f"{', '.join(unknown)} was not removed: `qa articles --removed` lists what was")
        digests = {kept_out[article_id] for article_id in article_ids}
        again = sorted(article_id for article_id, digest in kept_out.items() if digest in digests)
        catalog.set_meta(readmitted=json.dumps([*readmitted(catalog), *again]))
    return tuple(again)
