"""The real page over a real index in a real Chromium: what a reader of the news sees and does."""

# A package, so that server and browser end with its last test: while the browser is open, nothing else can run asyncio.
