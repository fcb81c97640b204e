"""TLS: whom a download trusts. A throw-away authority, made by the openssl command."""

import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest

import fault_server as fault
import fetch_tool
from fault_server import FaultServer
from sealed import SealedTest

NETWORK = 6
CONTENT = b"payload" * 1000


class Authority:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ca = self.folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
                     "ca.pem", "-days", "2", "-subj", "/CN=cudaenv test authority")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def certificate(self, name, san="IP:127.0.0.1,DNS:localhost", days="2", self_signed=False):
        """Paths of a certificate and its key."""
        key, request, cert = f"{name}.key", f"{name}.csr", f"{name}.pem"
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"]
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        if self_signed:
            self.openssl("req", "-x509", *new_key, "-out", cert, "-days", days, *subject)
        else:
            self.openssl("req", "-new", *new_key, "-out", request, *subject)
            (self.folder / "san").write_text(f"subjectAltName={san}\n")
            self.openssl("x509", "-req", "-in", request, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", cert,
                         "-days", days, "-extfile", "san")
        return self.folder / cert, self.folder / key


def context(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    return tls


@unittest.skipUnless(shutil.which("openssl"), "there is no openssl command to make certificates with")
class TlsTest(SealedTest):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="cudaenv-tls-")
        pathlib.Path(cls.made.name).chmod(0o755)
        cls.authority = Authority(cls.made.name)
        cls.addClassCleanup(cls.made.cleanup)

    def fetch(self, tls, *answers, host="127.0.0.1", trusted=True, **env):
        server = FaultServer(tls)
        self.addCleanup(server.__exit__)
        server.put("/x", CONTENT, *answers)
        job = {"do": "download", "folder": str(self.home.folder / "cache"), "tries": 2,
               "artifacts": [fetch_tool.artifact(server.url("/x", host=host), CONTENT)]}
        env["SSL_CERT_FILE"] = str(self.authority.ca) if trusted else None
        answer = fetch_tool.run(self.home, job, env=env)[0]
        self.asked = len(server.requests())
        return answer

    def assertRefused(self, answer):
        self.assertIn("error", answer)
        self.assertEqual(answer["error"]["code"], NETWORK)
        self.assertEqual(self.asked, 0, "a request went over a connection that is not trusted")

    def test_a_certificate_of_a_trusted_authority(self):
        tls = context(self.authority.certificate("good"))
        self.assertNotIn("error", self.fetch(tls))
        shutil.rmtree(self.home.folder / "cache")
        self.assertNotIn("error", self.fetch(tls, host="localhost"))

    def test_a_self_signed_certificate(self):
        answer = self.fetch(context(self.authority.certificate("self", self_signed=True)))
        self.assertRefused(answer)
        self.assertIn("self", " ".join(answer["error"]["causes"]))
        self.assertIn("SSL_CERT_FILE", answer["error"]["hint"])

    def test_an_authority_nobody_knows(self):
        self.assertRefused(self.fetch(context(self.authority.certificate("unknown")), trusted=False))

    def test_another_host_s_certificate(self):
        self.assertRefused(self.fetch(context(self.authority.certificate("other", san="DNS:example.invalid"))))
        self.assertRefused(self.fetch(context(self.authority.certificate("name", san="DNS:example.invalid")), host="localhost"))

    def test_an_expired_certificate(self):
        try:
            certificate = self.authority.certificate("expired", days="-1")
        except subprocess.CalledProcessError:
            self.skipTest("this openssl cannot make a certificate that has expired")
        self.assertRefused(self.fetch(context(certificate)))

    def test_old_protocols(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            tls = context(self.authority.certificate("old"))
            tls.set_ciphers("DEFAULT@SECLEVEL=0")
            import warnings
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                tls.minimum_version = tls.maximum_version = version
            self.assertRefused(self.fetch(tls))

    def test_tls_1_2_will_do(self):
        tls = context(self.authority.certificate("twelve"))
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertNotIn("error", self.fetch(tls))

    def test_no_variable_turns_verification_off(self):
        bad = context(self.authority.certificate("bad", self_signed=True))
        for name in ("CURL_INSECURE", "SSL_NO_VERIFY", "GIT_SSL_NO_VERIFY", "PYTHONHTTPSVERIFY", "CUDAENV_INSECURE", "CURL_CA_BUNDLE"):
            self.assertRefused(self.fetch(bad, **{name: "1"}))

    def test_no_redirect_leaves_https(self):
        plain = FaultServer()
        self.addCleanup(plain.__exit__)
        plain.put("/y", CONTENT)
        answer = self.fetch(context(self.authority.certificate("redirect")), fault.always(fault.redirect(plain.url("/y"))))
        self.assertIn("out of https", " ".join(answer["error"]["causes"]))
        self.assertEqual(plain.requests(), [])

    def test_a_cut_inside_tls_is_retried(self):
        tls = context(self.authority.certificate("cut"))
        self.assertNotIn("error", self.fetch(tls, fault.cut(1000)))
        shutil.rmtree(self.home.folder / "cache")
        self.assertNotIn("error", self.fetch(tls, fault.reset(1000)))


if __name__ == "__main__":
    unittest.main()
