# SPDX-License-Identifier: MIT

SWIFT = swift
# How many compilers run at the same time; one per core if empty. Each takes up to 0.4 GB of memory, so use make demo
# JOBS=1 on a board with 1 GB.
JOBS =
# If not empty, warnings are errors. CI sets it.
STRICT ?=
FLAGS = $(JOBS:%=--jobs %) $(STRICT:%=-Xswiftc -warnings-as-errors -Xcc -Wall -Xcc -Wextra -Xcc -Werror=all -Xcc -Werror=extra)
PROGRAM = .build/release/pixelascent
# The network that `make model` downloads: squeezenet1_1 or efficientnet_lite0.
MODEL = squeezenet1_1
WEIGHTS = Models/$(MODEL).safetensors
SAMPLES = Samples/imagenet_19_305.jpg
SPECTRUM = Models/imagenet_spectrum.npy
# The folder below which `make install` puts the files. DESTDIR comes before it, for those who make packages.
PREFIX = $(HOME)/.local
DESTDIR =
PHOTO = Samples/imagenet_15_99.jpg

.PHONY: help setup build model samples spectrum demo test lint sanitize format check-neon check-arm64 \
	check-reports check-cluster check-models check-techniques compare compare-networks bench bench-build bench-check install uninstall dist check-dist docs clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## install missing system packages
	@Scripts/setup

build: setup  ## build the program in release mode
	$(SWIFT) build $(FLAGS) -c release --product pixelascent

model: build $(WEIGHTS)  ## download and convert the weights of SqueezeNet 1.1, or of MODEL=efficientnet_lite0
	@$(PROGRAM) info --model $(WEIGHTS)

$(WEIGHTS): | build
	@Scripts/fetch model $(PROGRAM) $@

samples: $(SAMPLES)  ## download 20 sample photographs

$(SAMPLES): | setup
	@Scripts/fetch samples Samples

spectrum: $(SPECTRUM)  ## download the mean spectrum of ImageNet's photographs, for visualize --recipe maco --spectrum

$(SPECTRUM): | setup
	@Scripts/fetch spectrum $@

demo: model samples  ## make a saliency map, a fooling image and a class visualization in out/
	@Scripts/demo $(PROGRAM) $(WEIGHTS) $(PHOTO)

test: model samples  ## run every test
	$(SWIFT) test $(FLAGS) -c release --disable-xctest --disable-testable-imports

lint:  ## check the format of the sources, the doc comments, the floors, and that every kernel header compiles alone
	@SWIFT='$(SWIFT)' Scripts/lint

format:  ## format the sources
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests Bench/Sources
	clang-format -i $$(git ls-files '*.[ch]')

sanitize: setup  ## run the kernel and codec tests under sanitizers
	PIXELASCENT_SANITIZE=1 ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no $(SWIFT) test $(FLAGS) --disable-xctest \
		--scratch-path .build-sanitize --sanitize=address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined -Xcc -O1

check-neon: setup  ## check the NEON kernels, emulated if this machine is not arm64; QUICK=1 leaves out the release build
	@Scripts/check-neon $(QUICK:%=quick)

check-arm64: model samples  ## build and test everything in an emulated arm64 Debian 13 (takes an hour or two, needs root)
	@Scripts/check-arm64

check-cluster: model  ## make an atlas with Slurm and with GNU parallel on this machine (needs root, installs both)
	@Scripts/check-cluster $(PROGRAM) $(WEIGHTS)

check-models: model samples  ## compare torchvision's, timm's and Keras's networks with PyTorch and Keras (downloads them)
	@$(MAKE) model MODEL=efficientnet_lite0
	@Scripts/check-models $(PROGRAM)

check-techniques: model  ## compare the parts of an ascent with Lucent, PyTorch and Keras, and time them (downloads them)
	@SWIFT='$(SWIFT)' Scripts/check-techniques $(PROGRAM) $(WEIGHTS)

check-reports: model samples  ## check the reports in a headless Chromium (installs Debian's package)
	@Scripts/check-reports $(PROGRAM) $(WEIGHTS) $(PHOTO) $(SCREENSHOTS:%=--screenshots %)

compare: model samples bench-build  ## time the same work in PyTorch, ONNX Runtime, OpenVINO, ncnn and MNN (downloads them)
	@Scripts/compare $(PROGRAM) $(WEIGHTS) $(PHOTO)

compare-networks: build bench-build  ## time torchvision's networks here and in PyTorch (downloads PyTorch)
	@Scripts/compare-networks $(PROGRAM)

bench-build: setup  ## build the micro-benchmark suite in release mode
	PIXELASCENT_BENCH=1 $(SWIFT) build $(FLAGS) -c release --product pixelascent-bench

bench-check: model bench-build  ## verify every kernel's results and count allocations, without timing
	.build/release/pixelascent-bench --short --simd all --model $(WEIGHTS)

bench: model bench-build  ## verify and time every kernel, the forward pass and the ascent
	.build/release/pixelascent-bench --model $(WEIGHTS)

install: model  ## install program, model, manual pages and completions into ~/.local, or PREFIX=/usr/local
	Scripts/lay-out $(PROGRAM) '$(DESTDIR)$(PREFIX)'
	Scripts/install-model $(WEIGHTS) '$(DESTDIR)$(PREFIX)'

uninstall:  ## remove the files that make install installed
	@Scripts/uninstall '$(DESTDIR)$(PREFIX)'

dist: setup  ## make a tarball for Linux machines without Swift, in dist/
	@SWIFT='$(SWIFT)' Scripts/dist

check-dist: dist model samples  ## check the tarball: size, dependencies, program, manual pages, completions
	@Scripts/check-dist $(WEIGHTS) $(PHOTO)

docs: build  ## make the library's documentation as web pages, in dist/docs
	@SWIFT='$(SWIFT)' Scripts/docs

clean:  ## remove the build folders, but not the model, the samples, out/ and dist/
	rm -rf .build .build-*
