"""The agents' tools, called by the protocol's own client: over HTTP, and on standard input and output."""

import asyncio
import os
import socket
import sys
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_connected_server_and_client_session as connected
from starlette.applications import Starlette
from starlette.routing import Route

from qa.answer import Alternative, NoAnswer
from web import tools

ROOT = Path(__file__).parents[2]
OPENER = "Who opened the harbour of Tallow Bay?"


def called(engine, *calls):
    """What an agent gets that makes these calls one after another."""

    async def agent():
        async with connected(tools.server(engine)._mcp_server) as session:
            return [await session.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(agent())


def test_there_are_three_tools_that_say_what_they_are_for_and_only_read(engine):
    async def agent():
        async with connected(tools.server(engine)._mcp_server) as session:
            return (await session.list_tools()).tools

    offered = {tool.name: tool for tool in asyncio.run(agent())}
    assert list(offered) == ["ask", "search_passages", "read_article"]
    for tool in offered.values():
        assert tool.annotations.readOnlyHint and not tool.annotations.destructiveHint
        assert len(tool.description) > 100 and "\n  " not in tool.description
        assert all(about.get("description") for about in tool.inputSchema["properties"].values())
        assert tool.outputSchema["type"] == "object"
    assert offered["ask"].inputSchema["required"] == ["question"]


def test_an_answer_carries_its_citations(engine):
    (answer,) = called(engine, ("ask", {"question": OPENER}))
    said, content = answer.content[0].text, answer.structuredContent
    assert not answer.isError and said.startswith("Edda Quist (")
    assert "[1] The harbour opens (harbour.txt:" in said and "was opened by Mayor Edda Quist on Friday." in said
    citation = content["citations"][0]
    text = engine.article(citation["article_id"]).text
    assert content["found"] and text[citation["start"] : citation["end"]] == citation["quote"] == content["text"]


def test_a_refusal_says_that_what_is_nearest_is_no_answer(engine):
    (answer,) = called(engine, ("ask", {"question": OPENER, "min_confidence": 1}))
    assert not answer.isError and "do not answer this" in answer.content[0].text
    assert answer.structuredContent["found"] is False and answer.structuredContent["text"] is None


def test_other_answers_are_numbered_on(answer, refusal):
    other = answer.alternatives[0]
    said = tools._told_result(replace(answer, disagreements=(other,), parts=(other, Alternative("x", 0.5, ()))))
    assert [line[:3] for line in said.splitlines() if line.startswith("[")] == ["[1]", "[2]"]
    assert "Also: x (50% likely)" in said and "Other articles differ: 412 metres" in said
    assert isinstance(refusal, NoAnswer) and "412 metres" in tools._told_result(refusal)


def test_passages_are_found_read_on_and_filtered(engine):
    found, read, on, none = called(
        engine,
        ("search_passages", {"query": "harbour", "most": 1}),
        ("read_article", {"article_id": "harbour.txt", "most": 20}),
        ("read_article", {"article_id": "harbour.txt", "start": 20}),
        ("search_passages", {"query": "harbour", "sources": ["Nobody’s"]}),
    )
    (passage,) = found.structuredContent["passages"]
    text = engine.article("harbour.txt").text
    assert text[passage["start"] : passage["end"]] == passage["text"] and passage["text"] in found.content[0].text
    assert read.structuredContent["text"] + on.structuredContent["text"] == text
    assert (read.structuredContent["end"], on.structuredContent["end"]) == (20, len(text))
    assert none.structuredContent["passages"] == [] and "No article" in none.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {"question": " "}, "the question is empty"),
        ("ask", {"question": "x" * 1001}, "at most 1000 characters"),
        ("ask", {}, "question"),
        ("search_passages", {"query": ""}, "the question is empty"),
        ("search_passages", {"query": "harbour", "most": 1000}, "less than or equal to 50"),
        ("read_article", {"article_id": "../../etc/passwd"}, "there is no article"),
        ("read_article", {"article_id": "harbour.txt", "start": -1}, "greater than or equal to 0"),
        ("rebuild", {}, "Unknown tool"),
    ],
)
def test_what_cannot_be_done_is_said_to_the_agent(engine, tool, arguments, said):
    (answer,) = called(engine, (tool, arguments))
    assert answer.isError and said in answer.content[0].text


@asynccontextmanager
async def over_http(engine):
    """A server of the tools alone, and its address."""
    served = tools.Tools(engine)
    app = Starlette(routes=[Route("/mcp", served)], lifespan=lambda _: served.running())
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


def test_agents_call_them_over_http_one_after_another_and_at_once(engine):
    async def one(address: str) -> str:
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return (await session.call_tool("ask", {"question": OPENER})).structuredContent["text"]

    async def agents() -> list[str]:
        async with over_http(engine) as address:
            return [await one(address), *await asyncio.gather(*(one(address) for _ in range(4)))]

    assert asyncio.run(agents()) == ["Edda Quist"] * 5


def test_an_agent_on_this_machine_starts_them_itself(seed_index):
    async def agent() -> str:
        started = StdioServerParameters(
            command=sys.executable,
            args=["-m", "qa", "mcp", "--index-dir", str(seed_index), "--read-only"],
            env=dict(os.environ),
            cwd=ROOT,
        )
        async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            answer = await session.call_tool("ask", {"question": "Who is the Syrian army spokesman?"})
            return answer.content[0].text

    assert asyncio.run(agent()).startswith("General Ali Mayhoub (")
