# SPDX-License-Identifier: MIT
"""Compares scores and input gradients of the built program with PyTorch in float64, for 40 of timm's classifiers without
attention: as a state dict in safetensors, and as ONNX from both of PyTorch's exporters.

    check_timm.py --binary .build/release/pixelascent [--models …] [--formats …] [--results FILE.json] [--page PAGE]

The bounds are those of check_models.py. A file that the program refuses is right only if REFUSED says why, and wrong if
REFUSED says so and the program reads it. Some networks have tensors of the same names and shapes as another network: they
are read with --architecture, and without it the program must note the choice. The networks with TensorFlow's padding get
images of odd sizes. `--page` writes a table of all results between the lines <!-- timm --> and <!-- /timm --> of a page.
"""

import json
import subprocess
from pathlib import Path

import timm
import torch

import check_models
import make_models
import table
from program import check_options, check_parser, script, some_of

FORMATS = ["safetensors", "onnx", "dynamo"]
SIDE, ODD, CANDIDATES, RANKS = 96, 97, 10, (0, 1, 3)
# By name, the side of the images if it is not SIDE.
MODELS = {
    "tf_efficientnet_b0": ODD,
    "efficientnet_b1": SIDE,
    "tf_efficientnet_lite1": ODD,
    "efficientnet_lite0": SIDE,
    "tf_efficientnetv2_b0": ODD,
    "efficientnetv2_rw_t": SIDE,
    "mobilenetv2_050": SIDE,
    "mobilenetv3_small_100": SIDE,
    "mobilenetv3_large_100": SIDE,
    "tf_mobilenetv3_large_minimal_100": ODD,
    "mobilenetv4_conv_small": SIDE,
    "mobilenetv4_conv_blur_medium": SIDE,
    "mnasnet_100": SIDE,
    "semnasnet_075": SIDE,
    "resnet14t": SIDE,
    "resnet18d": SIDE,
    "resnet50s": SIDE,
    "seresnet18": SIDE,
    "seresnext26d_32x4d": SIDE,
    "resnetaa34d": SIDE,
    "resnetblur18": SIDE,
    "resnetrs50": SIDE,
    "resnetv2_18": SIDE,
    "resnetv2_50d": SIDE,
    "resnetv2_50d_gn": SIDE,
    "resnetv2_50x1_bit": SIDE,
    "convnext_atto": SIDE,
    "convnextv2_atto": SIDE,
    "repvgg_a0": SIDE,
    "regnetx_002": SIDE,
    "regnety_002": SIDE,
    "densenet121": SIDE,
    "vgg11_bn": 224,
    "inception_v3": 128,
    "mixnet_s": SIDE,
    "ghostnet_100": SIDE,
    "dla34": SIDE,
    "rexnet_100": SIDE,
    "ese_vovnet19b_dw": SIDE,
    "mobileone_s0": SIDE,
}
# Networks that a file without a name is not read as, because another network has the same tensors.
CHOSEN = {"tf_efficientnet_b0", "mobilenetv4_conv_blur_medium", "resnetaa34d", "resnetblur18"}
# The normalisation of the images.
IMAGES = {"mean": make_models.MEAN, "std": make_models.STD}
# A part of the line with which the program refuses a file, by network and format.
REFUSED = {
    (name, "safetensors"): f"timm's {family}, which is read as ONNX only"
    for name, family in [
        ("mixnet_s", "mixnet"), ("ghostnet_100", "ghostnet"), ("dla34", "dla"), ("rexnet_100", "rexnet"),
        ("ese_vovnet19b_dw", "vovnet"), ("mobileone_s0", "mobileone"),
    ]
}  # fmt: skip


def make(name):
    return make_models.randomise(timm.create_model(name), name, MODELS[name])


def write(net, format, name, folder):
    """Writes the network to a file in a folder; returns the file's path."""
    if format == "safetensors":
        return make_models.write(net, format, name, folder)
    path = folder / (name + make_models.SUFFIXES[format])
    example = (torch.zeros(1, 3, MODELS[name], MODELS[name]),)
    torch.onnx.export(net, example, path, dynamo=format == "dynamo", verbose=False)
    return path


def note(name, path, options):
    """Returns a complaint if the program does not note that it chose among networks with the same tensors."""
    words = [options.binary, "inspect", path]
    lines = subprocess.run([str(word) for word in words], capture_output=True, text=True).stderr
    wanted = f"--architecture {name}" if name != "resnetblur18" else ""
    return "" if wanted in lines or name in lines else f"expected a note on {name}, found {lines[-200:]!r}"


def check(name, format, net, cases, options):
    # Some architectures have another mean and deviation than the images here.
    settings = [word for key in ("mean", "std") for word in (f"--{key}", ",".join(map(str, IMAGES[key])))]
    if format == "safetensors" and name in CHOSEN:
        settings += ["--architecture", name]
    try:
        path = write(net, format, name, options.folder)
    except Exception as error:  # an exporter that can't write the network
        return {"model": name, "format": format, "ok": True, "unwritten": str(error).strip().splitlines()[0][:200]}
    record, _ = check_models.check(name, format, path, cases, options, MODELS[name], settings)
    expected = REFUSED.get((name, format))
    if record.get("line") or expected:
        record["ok"] = bool(expected) and expected in record.get("line", "")
    if format == "safetensors" and name in CHOSEN and name != "resnetblur18":
        complaint = note(name, path, options)
        if complaint:
            record |= {"ok": False, "error": complaint}
    if not options.keep:
        for file in make_models.files(path):
            file.unlink()
    return record


def cell(record):
    """Returns what a table says about a file."""
    if record is None:
        return ""
    if "unwritten" in record:
        return "the exporter fails"
    if record.get("line"):
        return "refused"
    return f"{record['score']:.0e}, {record['gradient_median']:.0e}" if record["ok"] else "wrong"


def rows(records):
    head = ["network", "state dict", "ONNX", "ONNX (new exporter)"]
    text = table.line(head) + table.line(["---"] * len(head))
    for name in MODELS:
        own = {record["format"]: record for record in records if record["model"] == name}
        if own:
            text += table.line([name, *(cell(own.get(format)) for format in FORMATS)])
    return text


def merge(path, records):
    kept = json.loads(path.read_text()) if path.exists() else []
    new = {(record["model"], record["format"]) for record in records}
    kept = [record for record in kept if (record["model"], record["format"]) not in new] + records
    kept.sort(key=lambda record: (list(MODELS).index(record["model"]), FORMATS.index(record["format"])))
    path.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def main():
    parser = check_parser(__doc__, list(MODELS))
    parser.add_argument("--formats", type=some_of(FORMATS), default=FORMATS, help="default: all")
    parser.add_argument("--keep", action="store_true", help="don't remove the files")
    parser.add_argument("--results", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument("--page", type=Path, help="write the table of the results into this page")
    options = check_options(parser)
    print(f"PyTorch {torch.__version__}, timm {timm.__version__}; in brackets PyTorch's own float32")
    records = []
    for name in options.models:
        net = make(name)
        cases = check_models.reference(name, net, options.folder, MODELS[name], candidates=CANDIDATES, ranks=RANKS)
        for format in options.formats:
            record = check(name, format, net, cases, options)
            records.append(record)
            print(f"{name}: {format}: {record['unwritten']}" if "unwritten" in record else check_models.row(record), flush=True)
        for case in cases:
            case.file.unlink()
        if options.results:
            merge(options.results, records)
    if options.page:
        table.write(options.page, "timm", rows(merge(options.results, records) if options.results else records))
    failed = sum(not record["ok"] for record in records)
    print(f"{len(records) - failed} of {len(records)} files: {'FAILED' if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
