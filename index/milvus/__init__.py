"""An index in Milvus: the same verbs as in a folder, for an archive that outgrew one machine.

Knows nothing itself; the modules beside it are named after what they know.
"""

from index.milvus.store import MilvusStore

__all__ = ["MilvusStore"]
