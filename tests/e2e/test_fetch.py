"""fetch/ against a server that misbehaves: what is retried, resumed, refused, and how each failure is said."""

import hashlib
import os
import random
import signal
import threading
import time
import unittest

import fault_server as fault
import fetch_tool
from fault_server import FaultServer
from sealed import SealedTest, sanitized

NETWORK, INTEGRITY, IO, NO_SUCH, INTERRUPTED = 6, 7, 9, 4, 130
CONTENT = random.Random(7).randbytes(300_000)
OTHER = random.Random(8).randbytes(300_000)


class FetchTest(SealedTest):
    def setUp(self):
        super().setUp()
        self.server = FaultServer()
        self.addCleanup(self.server.__exit__)
        self.folder = self.home.folder / "cache" / "downloads"

    def job(self, *artifacts, **options):
        return {"do": "download", "folder": str(self.folder), "artifacts": list(artifacts), **options}

    def fetch(self, *answers, content=CONTENT, size=True, path="/p/x.whl", **options):
        """Puts the content behind the answers and downloads it."""
        put = {name: options.pop(name) for name in ("etag", "modified") if name in options}
        url = self.server.put(path, content, *answers, **put)
        return fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, content, size), **options))[0]

    def final(self, content=CONTENT):
        return self.folder / hashlib.sha256(content).hexdigest()

    def assertFetched(self, answer, content=CONTENT, transferred=None):
        self.assertNotIn("error", answer)
        self.assertEqual(self.final(content).read_bytes(), content)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if content == CONTENT), [self.final().name])
        if transferred is not None:
            self.assertEqual(answer["files"][0]["transferred"], transferred)

    def assertFails(self, answer, code, *texts):
        self.assertIn("error", answer)
        error = answer["error"]
        said = " | ".join([error["what"], *error["causes"]])
        self.assertEqual(error["code"], code, said)
        for text in texts:
            self.assertIn(text, said)
        self.assertFalse(self.final().exists(), "an unverified file has its final name")

    def part(self, content=CONTENT):
        path = self.folder / (hashlib.sha256(content).hexdigest() + ".part")
        return path.read_bytes() if path.exists() else None


class Transfers(FetchTest):
    def test_plain(self):
        self.assertFetched(self.fetch(), transferred=len(CONTENT))
        request = self.server.requests("/p/x.whl")[0]
        self.assertRegex(request.headers["user-agent"], r"^cudaenv/\d")
        for name in ("cookie", "referer", "accept-encoding", "authorization", "range"):
            self.assertNotIn(name, request.headers)

    def test_size_not_known(self):
        self.assertFetched(self.fetch(size=False))

    def test_empty_file(self):
        answer = self.fetch(content=b"", size=False)
        self.assertNotIn("error", answer)

    def test_chunked(self):
        self.assertFetched(self.fetch(fault.chunked()))

    def test_second_time_from_the_cache(self):
        self.fetch()
        self.assertFetched(self.fetch(), transferred=0)
        self.assertEqual(len(self.server.requests()), 1)

    def test_a_damaged_cache_file_is_fetched_again(self):
        self.fetch()
        self.final().write_bytes(CONTENT[:-1])
        self.home.own(self.final())
        self.assertFetched(self.fetch(), transferred=len(CONTENT))

    def test_many_at_once_in_order(self):
        contents = [random.Random(i).randbytes(20_000 + i) for i in range(20)]
        artifacts = [fetch_tool.artifact(self.server.put(f"/{i}", c), c) for i, c in enumerate(contents)]
        answer = fetch_tool.run(self.home, self.job(*artifacts, parallel=6))[0]
        self.assertEqual([f["size"] for f in answer["files"]], [len(c) for c in contents])

    def test_the_same_artifact_twice_is_fetched_once(self):
        one = fetch_tool.artifact(self.server.put("/a", CONTENT), CONTENT)
        answer = fetch_tool.run(self.home, self.job(one, one))[0]
        self.assertEqual([f["size"] for f in answer["files"]], [len(CONTENT)] * 2)
        self.assertEqual(len(self.server.requests()), 1)

    def test_file_url(self):
        path = self.home.write("mirror/a b.whl", CONTENT)
        url = "file://" + str(path).replace(" ", "%20")
        self.assertFetched(fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)))[0])

    def test_file_urls_that_are_no_files(self):
        fifo = self.home.work / "fifo"
        os.mkfifo(fifo)
        for url, text in [(f"file://{self.home.work}/missing", "404"), (f"file://{self.home.work}", "not a regular file"),
                          (f"file://{fifo}", "not a regular file"), ("file:///dev/zero", "not a regular file"),
                          ("file://elsewhere/x", "another machine")]:
            with self.subTest(url):
                self.assertFails(fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)))[0], NETWORK, text)

    def test_without_a_hash_nothing_is_fetched(self):
        for digest in ("", "abc", "A" * 64, "../" + "a" * 61):
            url = self.server.put("/x", CONTENT)
            answer = fetch_tool.run(self.home, self.job({"url": url, "sha256": digest}))[0]
            self.assertFails(answer, INTEGRITY, "sha256")
        self.assertEqual(self.server.requests(), [])


class Retries(FetchTest):
    def test_transient_faults(self):
        for name, answer in {
            "500": fault.status(500), "502": fault.status(502), "503": fault.status(503), "504": fault.status(504),
            "408": fault.status(408), "425": fault.status(425), "429": fault.status(429),
            "nothing": fault.nothing(), "cut at 0": fault.cut(0), "cut": fault.cut(100_000), "reset": fault.reset(100_000),
            "cut before the last byte": fault.cut(len(CONTENT) - 1),
            "no length, cut": fault.no_length(stop=1000), "chunks that break": fault.chunked(damage=b"zz\r\n"),
        }.items():
            with self.subTest(name):
                content = CONTENT + name.encode()
                answer = self.fetch(answer, answer, content=content, path="/" + name.replace(" ", "-").replace(",", ""))
                self.assertNotIn("error", answer)
                self.assertEqual(self.final(content).read_bytes(), content)

    def test_final_statuses_are_asked_once(self):
        for status in (400, 401, 403, 404, 410, 451, 501):
            with self.subTest(status):
                path = f"/{status}"
                self.assertFails(self.fetch(fault.always(fault.status(status)), path=path), NETWORK, str(status), path)
                self.assertEqual(len(self.server.requests(path)), 1)

    def test_nothing_is_left_of_what_never_came(self):
        self.assertFails(self.fetch(fault.always(fault.status(404))), NETWORK)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_gives_up_after_its_tries(self):
        self.assertFails(self.fetch(fault.always(fault.status(503)), tries=3), NETWORK, "503", "gave up after 3 tries")
        self.assertEqual(len(self.server.requests()), 3)

    def test_a_dead_server(self):
        self.server.__exit__()
        url = self.server.url("/x")
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT), tries=2))[0]
        self.assertFails(answer, NETWORK, "gave up after 2 tries")

    def test_progress_counts_as_hope(self):
        # 300,000-byte steps never end five tries; 1 MiB steps do not use them up.
        content = random.Random(9).randbytes(9 << 20)
        answers = [fault.cut((1 << 20) + 1) for _ in range(8)]
        answer = self.fetch(*answers, content=content, tries=3)
        self.assertNotIn("error", answer)
        self.assertEqual(answer["files"][0]["transferred"], len(content))

    def test_starting_over_is_no_progress(self):
        # Each try brings 1 MiB and more, but always the same bytes: no validator, so none can be gone on from.
        content = random.Random(9).randbytes(3 << 20)
        answers = [fault.cut((1 << 20) + 1) for _ in range(12)]
        answer = self.fetch(*answers, content=content, tries=3, etag=None, modified=None)
        self.assertFails(answer, NETWORK, "gave up after 3 tries")

    def test_retry_after_in_seconds(self):
        began = time.monotonic()
        self.assertFetched(self.fetch(fault.status(503, ("Retry-After", "1"))))
        self.assertGreaterEqual(time.monotonic() - began, 1.0)

    def test_retry_after_as_a_date(self):
        began = time.monotonic()
        now = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
        self.assertFetched(self.fetch(fault.status(429, ("Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT")), now=now))
        self.assertGreaterEqual(time.monotonic() - began, 1.0)

    def test_retry_after_garbage_or_past(self):
        for text in ("soon", "-5", "Sun, 06 Nov 1994 08:49:37 GMT", "1e9"):
            with self.subTest(text):
                self.final().unlink(missing_ok=True)
                self.assertFetched(self.fetch(fault.status(503, ("Retry-After", text)), now=2_000_000_000))

    def test_retry_after_that_is_too_long(self):
        self.assertFails(self.fetch(fault.always(fault.status(503, ("Retry-After", "99999999")))), NETWORK, "99999999 s")
        self.assertEqual(len(self.server.requests()), 1)

    def test_the_first_failure_ends_the_others(self):
        slow = self.server.put("/slow", CONTENT, fault.always(fault.slow_drip(2000)))
        bad = self.server.put("/bad", OTHER, fault.always(fault.status(404)))
        began = time.monotonic()
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(slow, CONTENT), fetch_tool.artifact(bad, OTHER)))[0]
        self.assertFails(answer, NETWORK, "404", "/bad")
        self.assertLess(time.monotonic() - began, 10)


class Stalls(FetchTest):
    """Each ends by a time-out of about a second here, 30 s for people."""

    def check(self, answer):
        began = time.monotonic()
        self.assertFails(self.fetch(fault.always(answer), tries=1), NETWORK)
        self.assertLess(time.monotonic() - began, 12)

    def test_before_the_header(self):
        self.check(fault.hang_before_header())

    def test_in_the_header(self):
        self.check(fault.hang_in_header())

    def test_in_the_body(self):
        self.check(fault.hang_in_body(100_000))

    def test_slow_drip(self):
        self.check(fault.slow_drip(100))

    def test_a_port_that_never_answers(self):
        import socket
        quiet = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.addCleanup(quiet.close)
        url = f"https://127.0.0.1:{quiet.getsockname()[1]}/x"  # TLS waits for a hello that does not come
        began = time.monotonic()
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT), tries=1, connect_seconds=1))[0]
        self.assertFails(answer, NETWORK)
        self.assertLess(time.monotonic() - began, 12)

    def test_a_stall_is_retried_and_resumed(self):
        answer = self.fetch(fault.hang_in_body(100_000))
        self.assertFetched(answer, transferred=len(CONTENT))
        self.assertEqual(self.server.requests()[1].range_start(), 100_000)


class Resumes(FetchTest):
    def leave_part(self, after=100_000, **options):
        self.assertFails(self.fetch(fault.always(fault.cut(after)), tries=1, **options), NETWORK)
        self.assertEqual(self.part(), CONTENT[:after])

    def test_from_where_it_stopped(self):
        self.leave_part()
        self.assertFetched(self.fetch(), transferred=len(CONTENT) - 100_000)
        request = self.server.requests()[-1]
        self.assertEqual(request.headers["range"], "bytes=100000-")
        self.assertTrue(request.headers["if-range"].startswith('"'))

    def test_by_date_where_the_etag_is_weak_or_missing(self):
        for etag in (None, 'W/"weak"'):
            with self.subTest(etag):
                self.final().unlink(missing_ok=True)
                self.leave_part(etag=etag)
                self.assertFetched(self.fetch(etag=etag), transferred=len(CONTENT) - 100_000)
                self.assertEqual(self.server.requests()[-1].headers["if-range"], fault.DATE)

    def test_without_validators_from_the_start(self):
        self.leave_part(etag=None, modified=None)
        self.assertFetched(self.fetch(etag=None, modified=None), transferred=len(CONTENT))

    def test_a_server_that_ignores_ranges(self):
        self.leave_part()
        self.assertFetched(self.fetch(fault.ignores_range()), transferred=len(CONTENT))

    def test_a_wrong_content_range_starts_over(self):
        for answer in (fault.wrong_range(-10), fault.wrong_range(10), fault.bad_content_range("bytes 100000-"),
                       fault.bad_content_range("nonsense"), fault.bad_content_range("bytes 100000-299999/999999"),
                       fault.bad_content_range("bytes 99999999999999999999-1/2")):
            self.leave_part()
            self.assertFetched(self.fetch(answer))
            self.assertIsNone(self.server.requests()[-1].range_start())
            self.final().unlink()

    def test_a_changed_file_starts_over(self):
        self.leave_part()
        url = self.server.put("/p/x.whl", CONTENT, etag='"another"', modified="Tue, 03 Jun 2025 10:00:00 GMT")
        self.assertFetched(fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)))[0], transferred=len(CONTENT))

    def test_a_changed_etag_under_206_starts_over(self):
        self.leave_part()
        self.assertFetched(self.fetch(fault.changed_but_partial(CONTENT)), transferred=len(CONTENT))

    def test_a_damaged_part_is_noticed(self):
        self.leave_part()
        path = self.folder / (self.final().name + ".part")
        path.write_bytes(b"x" + CONTENT[1:100_000])
        answer = self.fetch()
        self.assertFetched(answer, transferred=2 * len(CONTENT) - 100_000)
        self.assertIn("trying once more", " ".join(answer["notes"]))

    def test_a_part_without_sidecar_starts_over(self):
        self.leave_part()
        for text in (None, "", "{", "[]", '{"etag": 5}', "\xff" * 20000):
            sidecar = self.folder / (self.final().name + ".part.json")
            sidecar.unlink(missing_ok=True) if text is None else sidecar.write_text(text, errors="replace")
            self.home.own(*self.folder.iterdir())
            self.assertFetched(self.fetch(), transferred=len(CONTENT))
            self.final().unlink()
            self.leave_part()

    def test_a_whole_part_is_taken_without_asking(self):
        self.leave_part()
        path = self.folder / (self.final().name + ".part")
        path.write_bytes(CONTENT)
        asked = len(self.server.requests())
        self.assertFetched(self.fetch(), transferred=0)
        self.assertEqual(len(self.server.requests()), asked)

    def test_416_with_a_whole_part(self):
        self.leave_part(size=False)
        path = self.folder / (self.final().name + ".part")
        path.write_bytes(CONTENT)
        self.assertFetched(self.fetch(size=False), transferred=0)

    def test_416_with_another_part(self):
        self.leave_part(size=False)
        path = self.folder / (self.final().name + ".part")
        path.write_bytes(CONTENT + b"more")
        self.assertFetched(self.fetch(size=False), transferred=len(CONTENT))

    def test_416_for_no_reason(self):
        self.leave_part()
        self.assertFetched(self.fetch(fault.status(416)))

    def test_206_that_nobody_asked_for(self):
        self.assertFetched(self.fetch(fault.bad_content_range("bytes 0-299999/300000")))

    def test_a_part_that_is_too_long(self):
        self.leave_part()
        path = self.folder / (self.final().name + ".part")
        path.write_bytes(CONTENT + b"more")
        self.assertFetched(self.fetch(), transferred=len(CONTENT))

    def test_killed_at_any_moment(self):
        for delay in (0.05, 0.15, 0.3):
            url = self.server.put("/p/x.whl", CONTENT, fault.slow_drip(100_000), fault.slow_drip(100_000))
            started = fetch_tool.start(self.home, self.job(fetch_tool.artifact(url, CONTENT), stall_seconds=20))
            time.sleep(delay)
            started.signal(signal.SIGKILL)
            started.finish(10)
            self.assertFalse(self.final().exists())
        self.assertFetched(self.fetch())

    def test_interrupted_then_resumed(self):
        url = self.server.put("/p/x.whl", CONTENT, fault.hang_in_body(200_000))
        started = fetch_tool.start(self.home, self.job(fetch_tool.artifact(url, CONTENT), stall_seconds=30))
        deadline = time.monotonic() + 20
        while "at 200000" not in started.err_so_far() and time.monotonic() < deadline:
            time.sleep(0.02)
        began = time.monotonic()
        started.signal(signal.SIGINT)
        self.assertFails(fetch_tool.answers(started.finish(20))[0], INTERRUPTED, "interrupted")
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(self.part(), CONTENT[:200_000])
        self.assertFetched(self.fetch(), transferred=100_000)


class Integrity(FetchTest):
    def assertRefused(self, answer, *texts):
        self.assertFails(answer, INTEGRITY, *texts)
        self.assertEqual(sorted(self.folder.iterdir()), [], "something was left")

    def test_flipped_bits_are_tried_once_more(self):
        self.assertFetched(self.fetch(fault.flipped(0)), transferred=2 * len(CONTENT))
        self.assertEqual(len(self.server.requests()), 2)

    def test_flipped_bits_twice(self):
        for at in (0, 150_000, len(CONTENT) - 1):
            answer = self.fetch(fault.always(fault.flipped(at)), path=f"/{at}")
            wrong = bytearray(CONTENT)
            wrong[at] ^= 1
            self.assertRefused(answer, hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(wrong).hexdigest())
            self.assertEqual(len(self.server.requests(f"/{at}")), 2)

    def test_another_file(self):
        url = self.server.put("/x", OTHER)
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)))[0]
        self.assertRefused(answer, "got sha256", "expected")

    def test_longer_than_promised(self):
        answer = self.fetch(fault.always(fault.wrong_length(len(CONTENT) + 1)))
        self.assertRefused(answer, "300001", "300000")
        self.assertEqual(len(self.server.requests()), 2)

    def test_endless_without_a_length(self):
        answer = self.fetch(fault.always(fault.no_length(CONTENT * 100)))
        self.assertRefused(answer, "more than the expected 300000 bytes")

    def test_shorter_than_promised_is_retried(self):
        self.assertFetched(self.fetch(fault.wrong_length(10), fault.wrong_length(299_999)))

    def test_shorter_than_promised_for_ever(self):
        answer = self.fetch(fault.always(fault.wrong_length(10)), tries=3)
        self.assertFails(answer, INTEGRITY, "got 10 bytes, expected 300000")
        self.assertEqual(len(self.server.requests()), 3)

    def test_a_captive_portal(self):
        page = fault.status(200, ("Content-Type", "text/html"), body=b"<html>Welcome to the hotel</html>")
        self.assertFails(self.fetch(fault.always(page), tries=2), INTEGRITY, "expected 300000")

    def test_a_content_encoding_that_is_a_lie(self):
        # The bytes are what was promised, whatever the header says about them.
        self.assertFetched(self.fetch(fault.with_headers(("Content-Encoding", "gzip"))))

    def test_a_content_encoding_that_is_true(self):
        import gzip
        packed = gzip.compress(CONTENT[:1000] * 300)
        def answer(x):
            x.head(200, [("Content-Encoding", "gzip"), ("Content-Length", len(packed))])
            x.body(packed)
        self.assertFails(self.fetch(fault.always(answer), tries=2), INTEGRITY)

    def test_header_lies(self):
        for name, lie in {
            "no status": b"garbage\r\n\r\n", "HTTP/0.9": b"just bytes", "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
            "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
            "endless header": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 2_000_000,
            "many headers": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(40_000)),
            "a zero byte": b"HTTP/1.1 200 OK\r\nContent-\0Length: 5\r\n\r\nhello",
            "status 999": b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", "status 99": b"HTTP/1.1 99 Odd\r\n\r\n",
        }.items():
            with self.subTest(name):
                answer = self.fetch(fault.always(fault.raw(lie)), path="/lie", tries=2)
                self.assertIn(answer["error"]["code"], (NETWORK, INTEGRITY))
                self.assertFalse(self.final().exists())


class Redirects(FetchTest):
    def test_followed_within_the_machine(self):
        self.server.put("/there", CONTENT)
        self.assertFetched(self.fetch(fault.redirect("/there")))
        self.server.put("/x/there", CONTENT)
        self.final().unlink()
        for code in (301, 303, 307, 308):
            self.assertFetched(self.fetch(fault.redirect("../x/there", code)))
            self.final().unlink()

    def test_refused(self):
        secret = self.home.write("secret", CONTENT)
        for location, text in [(f"file://{secret}", "neither https nor http"), ("ftp://127.0.0.1/x", "neither https nor http"),
                               ("http://example.invalid/x", "may not be fetched"), ("http://192.0.2.1/x", "may not be fetched"),
                               ("http://user:hunter2@127.0.0.1/x", "credentials"), ("gopher://127.0.0.1/", "neither"),
                               ("http://127.0.0.1.example.invalid/", "may not be fetched")]:
            with self.subTest(location):
                answer = self.fetch(fault.always(fault.redirect(location)))
                self.assertFails(answer, NETWORK, text)
                self.assertNotIn("hunter2", str(answer))
        for location in ("", "http://", "//", "http:///x", "\x01"):
            with self.subTest(location):
                self.assertFails(self.fetch(fault.always(fault.redirect(location))), NETWORK)

    def test_a_loop(self):
        self.assertFails(self.fetch(fault.always(fault.redirect("/p/x.whl"))), NETWORK, "more than five times")
        self.assertEqual(len(self.server.requests()), 6)

    def test_five_but_not_six(self):
        for hops, fine in ((5, True), (6, False)):
            for i in range(hops):
                self.server.put(f"/{hops}/{i}", b"", fault.always(fault.redirect(f"/{hops}/{i + 1}")))
            self.server.put(f"/{hops}/{hops}", CONTENT)
            answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(self.server.url(f"/{hops}/0"), CONTENT)))[0]
            if fine:
                self.assertFetched(answer)
                self.final().unlink()
            else:
                self.assertFails(answer, NETWORK, "more than five times")

    def test_an_endless_redirect_page_is_not_read(self):
        self.server.put("/there", CONTENT)
        self.assertFetched(self.fetch(fault.status(302, ("Location", "/there"), body=b"x" * 3_000_000)))

    def test_credentials_stay_with_their_origin(self):
        with FaultServer() as other:
            other.put("/there", CONTENT)
            self.server.put("/here", CONTENT)
            for location in (other.url("/there"), self.server.url("/here")):
                self.server.put("/x", CONTENT, fault.redirect(location))
                url = self.server.url("/x", user="me:hunter2@")
                self.assertFetched(fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)))[0])
                self.final().unlink()
            self.assertTrue(self.server.requests("/x")[0].headers["authorization"].startswith("Basic "))
            self.assertNotIn("authorization", other.requests("/there")[0].headers)
            self.assertIn("authorization", self.server.requests("/here")[0].headers)

    def test_no_secret_in_any_message(self):
        for answer in (fault.status(404), fault.cut(5), fault.flipped(0), fault.redirect("file:///x"), fault.status(500)):
            for path in self.folder.glob("*.part"):
                path.unlink()
            self.server.put("/x", CONTENT, fault.always(answer))
            url = self.server.url("/x", user="me:hunter2@") + "?token=opensesame"
            said = str(fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT), tries=2))[0])
            self.assertIn("error", said)
            self.assertNotIn("hunter2", said)
            self.assertNotIn("opensesame", said)

    def test_netrc_is_not_read(self):
        netrc = self.home.home / ".netrc"
        netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
        self.home.own(netrc)
        self.assertFetched(self.fetch())
        self.assertNotIn("authorization", self.server.requests()[0].headers)


class Surroundings(FetchTest):
    def test_plain_http_only_to_this_machine(self):
        one = fetch_tool.artifact("http://example.invalid/x", CONTENT)
        self.assertFails(fetch_tool.run(self.home, self.job(one))[0], NETWORK, "plain http")
        answer = fetch_tool.run(self.home, self.job(one, allow_http=True, tries=1))[0]
        self.assertFails(answer, NETWORK)
        self.assertNotIn("plain http", str(answer))

    def test_offline(self):
        answer = self.fetch(offline=True)
        self.assertFails(answer, NETWORK, "CUDAENV_OFFLINE", "/p/x.whl")
        self.assertEqual(self.server.requests(), [])
        self.fetch()
        self.assertFetched(self.fetch(offline=True), transferred=0)

    def test_a_proxy_from_the_environment(self):
        with FaultServer() as proxy:
            target = "http://example.invalid/x"
            proxy.put(target, CONTENT)
            one = fetch_tool.artifact(target, CONTENT)
            job = self.job(one, allow_http=True, tries=1)
            env = {"http_proxy": f"http://me:hunter2@127.0.0.1:{proxy.port}"}
            self.assertFetched(fetch_tool.run(self.home, job, env=env)[0])
            self.assertEqual(proxy.requests()[0].path, target)
            self.final().unlink()
            proxy.put(target, CONTENT, fault.always(fault.status(407)))
            answer = fetch_tool.run(self.home, job, env=env)[0]
            self.assertFails(answer, NETWORK, "407")
            self.assertNotIn("hunter2", str(answer))

    def test_no_room(self):
        url = self.server.put("/x", CONTENT)
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT, size=1 << 60)))[0]
        self.assertFails(answer, IO, "are free there")
        self.assertEqual(self.server.requests(), [])

    def test_a_file_size_limit_stands_for_a_full_disk(self):
        import resource

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        url = self.server.put("/x", CONTENT)
        answer = fetch_tool.run(self.home, self.job(fetch_tool.artifact(url, CONTENT)), limits=limit)[0]
        self.assertFails(answer, IO, "cannot write", ".part")
        self.assertFetched(self.fetch())

    def test_a_cache_that_cannot_be_written(self):
        self.folder.parent.mkdir()
        self.folder.parent.chmod(0o555)
        answer = self.fetch()
        self.assertFails(answer, IO, str(self.folder))

    def test_two_processes_fetch_it_once(self):
        content = random.Random(3).randbytes(3_000_000)

        def slowly(x):
            x.head(200, [("Content-Length", len(content))] + x.validators())
            for at in range(0, len(content), 100_000):
                x.body(content[at:at + 100_000])
                time.sleep(0.03)
        url = self.server.put("/x", content, fault.always(slowly))
        job = self.job(fetch_tool.artifact(url, content))
        started = [fetch_tool.start(self.home, job) for _ in range(4)]
        answers = [fetch_tool.answers(one.finish(60))[0] for one in started]
        self.assertEqual([a["files"][0]["size"] for a in answers], [len(content)] * 4)
        self.assertEqual(sum(a["files"][0]["transferred"] for a in answers), len(content))
        self.assertEqual(len(self.server.requests()), 1)
        self.assertRegex(" ".join(note for a in answers for note in a["notes"]), r"another cudaenv \(process \d+\) downloads it")

    def test_what_another_process_installed_meanwhile_is_not_fetched(self):
        def slowly(x):
            x.good(stop=0)
            for at in range(0, len(CONTENT), 30_000):
                x.body(CONTENT[at:at + 30_000])
                time.sleep(0.15)
        url = self.server.put("/x", CONTENT, slowly)
        job = self.job(fetch_tool.artifact(url, CONTENT), stall_seconds=20)
        first = fetch_tool.start(self.home, job)
        while "at " not in first.err_so_far():
            time.sleep(0.02)
        done = self.home.work / "installed"
        second = fetch_tool.start(self.home, {**job, "not_needed_once": str(done)})
        time.sleep(0.3)
        done.write_text("")  # the first one commits, then tidies the cache up
        fetch_tool.answers(first.finish(60))
        self.final().unlink(missing_ok=True)
        answer = fetch_tool.answers(second.finish(20))[0]
        self.assertEqual(answer["files"][0]["transferred"], 0)
        self.assertEqual(len(self.server.requests()), 1)

    def test_the_holder_is_killed_and_another_goes_on(self):
        url = self.server.put("/x", CONTENT, fault.hang_in_body(200_000))
        job = self.job(fetch_tool.artifact(url, CONTENT), stall_seconds=30)
        first = fetch_tool.start(self.home, job)
        deadline = time.monotonic() + 20
        while "at 200000" not in first.err_so_far() and time.monotonic() < deadline:
            time.sleep(0.02)
        second = fetch_tool.start(self.home, job)
        time.sleep(0.5)
        first.signal(signal.SIGKILL)
        first.finish(5)
        answer = fetch_tool.answers(second.finish(20))[0]
        self.assertEqual(self.final().read_bytes(), CONTENT)
        self.assertEqual(answer["files"][0]["transferred"], 100_000)

    def test_memory_does_not_grow_with_the_file(self):
        content = bytes(64 << 20)
        url = self.server.put("/x", content, fault.always(fault.good))
        job = self.job(fetch_tool.artifact(url, content))
        ran = fetch_tool.start(self.home, job)
        peak, done = 0, threading.Event()

        def watch():
            nonlocal peak
            while not done.is_set():
                try:
                    with open(f"/proc/{ran.process.pid}/status") as lines:
                        peak = max([peak] + [int(line.split()[1]) for line in lines if line.startswith("VmHWM")])
                except OSError:
                    return
                time.sleep(0.005)
        watcher = threading.Thread(target=watch)
        watcher.start()
        answer = fetch_tool.answers(ran.finish(60))[0]
        done.set()
        watcher.join()
        self.assertNotIn("error", answer)
        if not sanitized():
            self.assertLess(peak, 40_000, "kB at its peak for a 64 MiB file")
        self.assertGreater(peak, 0)


if __name__ == "__main__":
    unittest.main()
