"""The index cache: asked again by ETag, offline, stale, capped, and never mistaken."""

import json
import time
import unittest

import fault_server as fault
import fetch_tool
from fault_server import FaultServer
from sealed import SealedTest

NETWORK, NO_SUCH = 6, 4
BODY = "<a href='x-1.whl'>x</a>\n" * 50
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


class PagesTest(SealedTest):
    def setUp(self):
        super().setUp()
        self.server = FaultServer()
        self.addCleanup(self.server.__exit__)
        self.folder = self.home.folder / "cache" / "indexes"

    def get(self, url, accept=ACCEPT, **options):
        job = {"do": "pages", "folder": str(self.folder), "pages": [{"url": url, "accept": accept}], **options}
        return fetch_tool.run(self.home, job)[0]["pages"][0]

    def put(self, *answers, body=BODY, path="/simple/x/", **options):
        return self.server.put(path, body.encode(), *answers, content_type="text/html", **options)

    def assertError(self, answer, code, *texts):
        self.assertIn("error", answer)
        said = " | ".join([answer["error"]["what"], *answer["error"]["causes"]])
        self.assertEqual(answer["error"]["code"], code, said)
        for text in texts:
            self.assertIn(text, said)

    def test_asked_again_by_etag(self):
        url = self.put()
        first, second = self.get(url), self.get(url)
        self.assertEqual((first["body"], first["content_type"], first["url"]), (BODY, "text/html", url))
        self.assertEqual(first, second)
        asked = self.server.requests()
        self.assertEqual(asked[0].headers["accept"], ACCEPT)
        self.assertNotIn("if-none-match", asked[0].headers)
        self.assertIn("if-none-match", asked[1].headers)
        self.assertEqual(asked[1].sent, 0)

    def test_asked_again_by_date(self):
        url = self.put(etag=None)
        self.assertEqual(self.get(url), self.get(url))
        self.assertEqual(self.server.requests()[1].headers["if-modified-since"], fault.DATE)
        self.assertEqual(self.server.requests()[1].sent, 0)

    def test_a_changed_page_replaces_the_copy(self):
        url = self.put()
        self.get(url)
        self.put(body="new")
        self.assertEqual(self.get(url)["body"], "new")
        self.assertEqual(self.get(url, offline=True)["body"], "new")

    def test_the_accept_header_is_part_of_the_key(self):
        url = self.put()
        self.get(url)
        self.get(url, accept="text/html")
        self.assertNotIn("if-none-match", self.server.requests()[1].headers)

    def test_offline(self):
        url = self.put()
        answer = self.get(url, offline=True)
        self.assertError(answer, NETWORK, "CUDAENV_OFFLINE", url)
        self.assertEqual(answer["error"]["hint"], "unset CUDAENV_OFFLINE")
        self.get(url)
        self.assertEqual(self.get(url, offline=True)["body"], BODY)
        self.assertEqual(len(self.server.requests()), 1)

    def test_stale_only_when_allowed_and_said(self):
        url = self.put()
        self.get(url)
        self.put(fault.always(fault.status(503)))
        self.assertError(self.get(url), NETWORK, "503")
        page = self.get(url, stale=True)
        self.assertEqual((page["body"], page["stale"]), (BODY, True))
        self.assertIn("503", page["note"])
        self.assertIn("cached copy", page["note"])
        self.server.__exit__()
        self.assertTrue(self.get(url, stale=True, tries=1)["stale"])

    def test_gone_is_not_stale(self):
        url = self.put()
        self.get(url)
        for status in (404, 410):
            self.put(fault.always(fault.status(status)))
            self.assertError(self.get(url, stale=True), NO_SUCH, "does not have it")

    def test_retried(self):
        for answer in (fault.status(500), fault.cut(10), fault.nothing(), fault.reset(100), fault.status(429, ("Retry-After", "0"))):
            url = self.put(answer, answer, path=f"/{id(answer)}/")
            self.assertEqual(self.get(url)["body"], BODY)

    def test_capped(self):
        url = self.put(body="x" * 100_000)
        self.assertEqual(len(self.get(url, max_bytes=100_000)["body"]), 100_000)
        other = self.put(body="x" * 100_001, path="/other")
        self.assertError(self.get(other, max_bytes=100_000), NETWORK, "longer than 100000 bytes")
        endless = self.put(fault.no_length(b"x" * 10_000_000), path="/endless")
        self.assertError(self.get(endless, max_bytes=100_000), NETWORK, "longer than 100000 bytes")
        self.assertEqual(len(self.server.requests("/endless")), 1)

    def test_an_encoding_that_was_not_asked_for(self):
        url = self.put(fault.always(fault.with_headers(("Content-Encoding", "gzip"))))
        self.assertError(self.get(url), NETWORK, "content encoding `gzip`")

    def test_a_304_for_nothing(self):
        self.assertError(self.get(self.put(fault.always(fault.status(304, body=b"")))), NETWORK, "304")

    def test_damaged_copies_are_asked_anew(self):
        url = self.put()
        self.get(url)
        [copy] = self.folder.iterdir()
        whole = copy.read_bytes()
        head, body = whole.split(b"\n", 1)
        lies = [whole[:n] for n in range(0, len(whole), 97)] + [b"\n" + body, b"[]\n" + body, b"{}\n" + body, whole + b"x",
                                                             json.dumps({"bytes": "many"}).encode() + b"\n" + body]
        for damaged in lies:
            copy.write_bytes(damaged)
            self.assertError(self.get(url, offline=True), NETWORK, "no cached copy")
        self.assertEqual(self.get(url)["body"], BODY)

    def test_a_cache_that_cannot_be_written_costs_nothing_else(self):
        self.folder.parent.mkdir()
        self.folder.parent.chmod(0o555)
        self.assertEqual(self.get(self.put())["body"], BODY)

    def test_file_urls(self):
        path = self.home.write("mirror/index.html", BODY)
        self.assertEqual(self.get(f"file://{path}")["body"], BODY)
        self.assertEqual(self.get(f"file://{path}", offline=True)["body"], BODY)
        self.assertError(self.get(f"file://{path}.missing"), NO_SUCH, "does not have it")
        self.assertFalse(self.folder.exists() and list(self.folder.iterdir()))

    def test_the_address_after_a_redirect(self):
        self.put(path="/new/x/")
        page = self.get(self.put(fault.redirect("/new/x/")))
        self.assertEqual((page["body"], page["url"]), (BODY, self.server.url("/new/x/")))

    def test_a_stall(self):
        began = time.monotonic()
        self.assertError(self.get(self.put(fault.always(fault.hang_before_header())), tries=1), NETWORK)
        self.assertLess(time.monotonic() - began, 12)

    def test_many_at_once(self):
        urls = [self.put(path=f"/{i}/", body=str(i)) for i in range(30)]
        job = {"do": "pages", "folder": str(self.folder), "pages": [{"url": url} for url in urls + [self.server.url("/none")]]}
        pages = fetch_tool.run(self.home, job)[0]["pages"]
        self.assertEqual([page["body"] for page in pages[:-1]], [str(i) for i in range(30)])
        self.assertError(pages[-1], NO_SUCH, "/none")


if __name__ == "__main__":
    unittest.main()
