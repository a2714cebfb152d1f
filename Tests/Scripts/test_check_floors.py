# SPDX-License-Identifier: MIT
"""Writes small source trees with arrows between folders; Scripts/check-floors must find only the wrong ones."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "Scripts/check-floors"
LIBRARY = "PixelAscent/"
TREE = {
    LIBRARY + "PixelAscentError.swift": "struct PixelAscentError: Error { init(message: String) {} }",
    LIBRARY + "System/Files.swift": 'enum Files { static func read() throws { throw PixelAscentError(message: "") } }',
    LIBRARY + "Images/Tensor.swift": "struct Tensor { let shape: [Int] }",
    LIBRARY + "Images/Use.swift": "",
    LIBRARY + "ModelFiles/NumPyFile.swift": """
        extension Tensor {
          init(contentsOfNumPy path: String, shape: [Int] = []) throws { self.shape = shape }
          struct Header { var order = 0 }
          static let npyMagic = [0x93]
          var npyHeader: Header { Header() }
          func writeNumPy() {}
        }
        """,
    LIBRARY + "Kernels/Kernels.swift": """internal import CPixelKernels
        struct Kernels { static let selected = Kernels() }""",
    LIBRARY + "Network/Network.swift": "struct Network { let kernels: Kernels }\nfunc planned() -> Network? { nil }",
    "PixelAscentTool/Page.swift": "import PixelAscent\npackage struct Page { let tensor: Tensor }",
    "PixelAscentCLI/Atlas.swift": "import ArgumentParser\nimport PixelAscentTool\nstruct Atlas { var page: Page }",
}


class CheckFloorsTests(unittest.TestCase):
    def run_on(self, files={}):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**TREE, **files}.items():
                path = pathlib.Path(folder, "Sources", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            result = subprocess.run([SCRIPT, folder], capture_output=True, text=True)
        self.assertEqual(result.stderr, "")
        return result.returncode, result.stdout.splitlines()

    def expect_arrow(self, text, *parts, file=LIBRARY + "Images/Use.swift"):
        """Expects one error, which contains all `parts`, if `file` has this text."""
        status, lines = self.run_on({file: text})
        self.assertEqual((status, len(lines)), (1, 1), lines)
        for part in parts:
            self.assertIn(part, lines[0])

    def expect_none(self, text, file=LIBRARY + "Images/Use.swift"):
        status, lines = self.run_on({file: text})
        self.assertEqual(status, 0, lines)

    def test_a_tree_in_order(self):
        self.assertEqual(self.run_on(), (0, ["floors: 9 files, 8 types, no arrow upwards"]))

    def test_a_type_of_a_higher_folder(self):
        self.expect_arrow(
            "struct Picture {\n  var network: Network?\n}",
            "Sources/PixelAscent/Images/Use.swift:2: Images names Network,",
            "Sources/PixelAscent/Network/Network.swift:1 declares")

    def test_a_function_of_a_higher_folder(self):
        self.expect_arrow("func f() { _ = planned() }", "names planned,", "Network/Network.swift:2")

    def test_the_error_names_nothing_of_a_folder(self):
        file = LIBRARY + "PixelAscentError.swift"
        self.expect_arrow("struct PixelAscentError { let files: Files }", "names Files,", file=file)

    def test_a_cycle(self):
        self.expect_arrow(
            "extension Kernels { var network: Network? { nil } }", "names Network,",
            "a cycle, because Sources/PixelAscent/Network/Network.swift:1 names Kernels",
            file=LIBRARY + "Kernels/More.swift")

    def test_neighbours(self):
        file = LIBRARY + "Kernels/Use.swift"
        self.expect_arrow("let magic = Tensor.npyMagic", "Kernels names Tensor.npyMagic,", file=file)
        file = LIBRARY + "ModelFiles/Use.swift"
        self.expect_arrow("let kernels = Kernels.selected", "ModelFiles names Kernels,", file=file)

    def test_members_that_a_higher_extension_adds(self):
        for text, name in [
            ("func f(_ x: Tensor) { x.writeNumPy() }", "Tensor.writeNumPy"),
            ("let magic = Tensor.npyMagic", "Tensor.npyMagic"),
            ("var header: Tensor.Header?", "Tensor.Header"),
            ("extension Tensor { func save() { writeNumPy() } }", "Tensor.writeNumPy"),
            ("extension Tensor { func save() { self.writeNumPy() } }", "Tensor.writeNumPy"),
            ("extension Tensor { var header: Header { npyHeader } }", "Tensor.Header"),
            ('let x = try Tensor(contentsOfNumPy: "a.npy")', "Tensor.init"),
            ('let x = try Tensor.init(contentsOfNumPy: "a.npy")', "Tensor.init"),
        ]:
            with self.subTest(text):
                status, lines = self.run_on({LIBRARY + "Images/Use.swift": text})
                self.assertEqual(status, 1)
                self.assertIn(f"names {name}, which Sources/PixelAscent/ModelFiles/NumPyFile.swift:", lines[0])

    def test_members_that_a_lower_folder_has_too(self):
        self.expect_none("struct Own { func writeNumPy() {} }\nfunc f(_ x: Own) { x.writeNumPy() }")
        self.expect_none("enum Own { case writeNumPy }\nlet own: Own = .writeNumPy")
        self.expect_none("let x = Tensor(shape: [])\nlet y = Tensor(values: [])")
        self.expect_none("func f(_ x: Any) { _ = x.kernels }")
        self.expect_arrow(
            "struct Own { func writeNumPy() {} }\nextension Tensor { func save() { self.writeNumPy() } }",
            "names Tensor.writeNumPy,")

    def test_comments_and_strings(self):
        self.expect_none("// Network\n/* Network /* Network */ Network */\nlet a = \"Network \\\" Network\"")
        self.expect_none('let a = """\n  Network " Network\n  """\nlet b = #"Network " \\(Network) "#')
        self.expect_arrow('let a = "a \\(Network.self) b"', "names Network,")
        self.expect_arrow('let a = "\\(f("Kernels \\(1)")) \\(Network.self) Kernels"', "names Network,")
        self.expect_arrow('let a = #"Kernels " \\#(Network.self) "#', "names Network,")

    def test_names_that_mean_something_else(self):
        self.expect_none("func f<Network>(_ x: Network) -> Network { x }")
        self.expect_none("struct Box<Network, Page: Hashable> { var network: Network }")
        self.expect_none("struct Own { struct Network {}; var network: Network }")
        self.expect_none("private struct Network {}\nprivate let network = Network()")
        self.expect_none("func f(planned: Int) -> Int { g(planned: planned) }")
        self.expect_none("func g(planned x: Int) -> Int { x }")
        self.expect_none("func f(_ x: [Int]) { for planned in x { _ = planned } }")
        self.expect_none("func f(_ x: [Int]) { _ = x.reduce(0) { sum, planned in sum + planned } }")
        self.expect_none("func f(_ x: Int?) { if let planned = x { _ = planned } }")

    def test_a_private_name_is_no_one_elses(self):
        files = {
            LIBRARY + "Network/Hidden.swift": "private struct Hidden {}\nprivate extension Tensor { func hide() {} }",
            LIBRARY + "Images/Use.swift": "func f(_ x: Tensor) { _ = Hidden(); x.hide() }",
        }
        self.assertEqual(self.run_on(files)[0], 0)

    def test_imports(self):
        for file, module in [
            ("PixelAscent/Images/Use.swift", "CPixelKernels"), ("PixelAscent/Kernels/Use.swift", "CPixelCodec"),
            ("PixelAscent/Images/Use.swift", "libnettle"), ("PixelAscent/Kernels/Use.swift", "CPixelReference"),
            ("PixelAscentTool/Use.swift", "ArgumentParser"), ("PixelAscentTool/Use.swift", "PixelAscentCLI"),
            ("PixelAscent/Techniques/Use.swift", "PixelAscentTool"),
        ]:
            with self.subTest(module):
                text = f"import Dispatch\ninternal import {module}"
                self.expect_arrow(text, f"{file}:2: imports {module},", file=file)
        self.expect_arrow("import struct PixelAscent.Tensor", "imports PixelAscent,")
        self.expect_none("import FoundationEssentials\n#if canImport(Glibc)\n  import Glibc\n#endif")

    def test_flags_and_commands_of_the_program(self):
        use = "Sources/PixelAscent/Images/Use.swift"
        self.expect_arrow('let a = "(--max-memory)"', f"{use}:1: names --max-memory,")
        self.expect_arrow('\nlet a = "more \\(1)"\nlet b = "--labels says"', f"{use}:3: names --labels,")
        self.expect_arrow('let a = "see pixelascent inspect"', f"{use}:1: names pixelascent inspect,")
        self.expect_none('let a = "a--b", b = "-----", c = "pixelascent\'s own", d = x - -y')
        self.expect_none('let a = "--max-memory"', file="PixelAscentTool/Words.swift")

    def test_files_and_folders_without_a_floor(self):
        self.expect_arrow("", "Sources/PixelAscent/Version.swift: has no floor", file=LIBRARY + "Version.swift")
        self.expect_arrow("", "Sources/PixelAscent/Reports: has no floor", file=LIBRARY + "Reports/Chart.swift")
        self.expect_arrow("", "Sources/Other: has no floor", file="Other/Other.swift")


if __name__ == "__main__":
    unittest.main()
