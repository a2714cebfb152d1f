# SPDX-License-Identifier: MIT
"""Finds the names that a Swift file declares, uses and imports, for Scripts/check-floors."""

import bisect
import collections
import re

TYPES = {"struct", "class", "enum", "actor", "protocol", "extension", "typealias", "associatedtype"}
DECLARING = TYPES | {"func", "init", "subscript", "let", "var", "case", "import"}
KEYWORDS = DECLARING - {"init"} | set(
    "if else guard for in while switch return throw try await do catch where is as some any inout default".split())
TOKEN = re.compile(r'(?P<gap>\s+|//[^\n]*)|(?P<comment>/\*)|(?P<quote>#*"(?:"")?)|`?[^\W\d]\w*`?'
                   r"|\d\w*(?:\.\d\w*)?|\$\w+|\.\.[.<]|->|.")
# These match a file's tokens, joined by spaces: its locals, parameters and functions, and its generic parameters.
OWN = re.compile(r"(?:let|var|for|func) ([a-z]\w*)|(?:let|var|for|let \. \w+) \( ([^)]*)|([a-z]\w*) :"
                 r"|\{ ((?:[\w,:()\[\].?@]+ |-> )+)in ")
GENERIC = re.compile(r"(?:func \S+|init|subscript|struct \w+|class \w+|enum \w+) (< [^>]*>)")
COMMENT = re.compile(r"/\*|\*/")
Declaration = collections.namedtuple("Declaration", "file at owner name kind private labels")


def tokenize(text, at=0, inside=False):
    """Returns the tokens with their offsets, and the offset where they end. Leaves out comments and the text of string
    literals, but not the code that a literal interpolates."""
    tokens, depth = [], 0
    while at < len(text) and depth >= 0:
        found = TOKEN.match(text, at)
        token, start, at = found[0], at, found.end()
        if found["comment"]:
            level = 1
            while level and (mark := COMMENT.search(text, at)):
                level, at = level + (1 if mark[0] == "/*" else -1), mark.end()
        elif found["quote"]:
            hashes, quotes = token.rstrip('"'), token.lstrip("#")
            tokens.append(('""', start))
            while mark := re.compile(rf"\\{hashes}(\(|.)|{quotes}{hashes}", re.S).search(text, at):
                at = mark.end()
                if mark[1] == "(":
                    code, at = tokenize(text, at, True)
                    tokens += [("(", start), *code]
                elif not mark[1]:
                    break
        elif not found["gap"]:
            depth += inside * ((token == "(") - (token == ")"))
            tokens.append((token, start))
    return tokens, at


def is_name(word):
    return word.strip("`").isidentifier() and word not in KEYWORDS


def labels(words, at):
    """Returns the labels, or _, of the parameters or arguments in the parentheses that open at `at`."""
    found, depth = [], 0
    for k in range(at, len(words) - 3):
        depth += (words[k] in ("(", "[", "{")) - (words[k] in (")", "]", "}"))
        if depth == 0:
            break
        if depth == 1 and words[k] in ("(", ",") and words[k + 1] != ")":
            has_label = words[k + 2] == ":" or words[k + 3] == ":" and is_name(words[k + 2])
            found.append(words[k + 1] if has_label else "_")
    return found


class File:
    """A source file: its declarations, the names it uses with the type around each use, and its imports."""

    def __init__(self, root, path):
        parts = path.relative_to(root / "Sources").parts
        self.path, self.module, self.folder = path.relative_to(root), parts[0], parts[parts[0] == "PixelAscent"]
        self.text = text = path.read_text()
        self.words, self.offsets = zip(*tokenize(text)[0], *[("", len(text))] * 4)
        self.lines = [newline.start() for newline in re.finditer("\n", text)]
        line = " ".join(self.words)
        self.own = {name for found in OWN.findall(line) for name in re.findall(r"\b[a-z]\w*", " ".join(found))}
        self.own.update(name for found in GENERIC.findall(line) for name in re.findall(r"[<,] (\w+) (?=[:,>])", found))
        self.declarations, self.uses, self.imports = [], [], []
        self.scan()

    def position(self, at):
        return f"{self.path}:{bisect.bisect(self.lines, self.offsets[at]) + 1}"

    def scan(self):
        # Each open brace and bracket has a scope of three values: the type whose members the brace contains, or None in
        # code; the type around the brace; whether this type is private.
        words, scopes, opening = self.words, [("", "", False)], None
        keyword, private, is_private = "", False, False
        for at, word in enumerate(words[:-4]):
            owner, around, hidden = scopes[-1]
            before, after = words[at - 1], words[at + 1]
            if word in ("(", "[", "{"):
                scopes.append(word == "{" and opening or (None, around, hidden))
                opening, keyword = (None, "") if word == "{" else (opening, keyword)
            elif word in (")", "]", "}"):
                scopes[1:] = scopes[1:-1]
            elif word == ":" and owner is not None:
                keyword = ""
            elif before != "." and after != ":" and owner is not None and word in DECLARING:
                keyword, is_private, private = word, hidden or private, False
                if word == "import":
                    self.imports.append((at, words[at + 2] if after in KEYWORDS else after))
                elif word in ("init", "subscript"):
                    found = labels(words, words.index("(", at))
                    self.declarations.append(Declaration(self, at, owner, word, word, is_private, found))
                elif word in TYPES - {"typealias", "associatedtype"} and after not in KEYWORDS:
                    path = re.match(r"\S+(?: \. \w+)*", " ".join(words[at + 1 : at + 8]))[0].replace(" ", "")
                    path = f"{owner}.{path}" if owner else path
                    opening = path, path, is_private
            elif before != "." and word in ("private", "fileprivate") and after != "(":
                private = True
            elif is_name(word):
                is_next = before == "," and keyword in ("case", "let", "var")
                if owner is not None and (is_next or before == keyword not in ("", "extension", "import")):
                    self.declarations.append(Declaration(self, at, owner, word, keyword, is_private, None))
                self.uses.append((at, around))
