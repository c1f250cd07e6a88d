#!/usr/bin/env python3
"""Makes libtorch 2.11.0 ready below .libtorch, without installing anything else.

The PyPI wheels of torch and of two NVIDIA run-time libraries are fetched (resuming a broken download), checked
against the hashes below, and unpacked side by side. `.libtorch/view` is then the folder the build links against:
headers and the three CPU libraries, so that one binary serves CPU and GPU. With CISTRON_LIBTORCH=DIR, where DIR
holds torch 2.11.0 (a `torch` package folder or its `lib`), nothing is fetched and the view points there.

With CISTRON_MIRROR=DIR the wheels are read from DIR/wheels, and no network is used. `libtorch.py --fill-mirror` downloads
the wheels into that folder and unpacks nothing; `--machine Linux-aarch64` does so for another kind of machine.
"""
import argparse
import errno
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

VERSION = "2.11.0"
ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".libtorch"
VIEW = HOME / "view"
NEEDED_MIB = 2500  # the wheels and what is unpacked of them
MACHINE = f"{platform.system()}-{platform.machine()}"
LINKED = ["libtorch_cpu", "libtorch", "libc10"]

# package: (file, sha256), for each kind of machine. The program is built and tested on Linux-x86_64 only; the wheels of the
# others are here for those who port it. PyPI has no wheel of this version for Macs with Intel CPUs.
WHEELS = {
    "Linux-x86_64": {
        "torch": (
            "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
        ),
        "nvidia-cuda-runtime": (
            "nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d",
        ),
        "nvidia-cuda-cupti": (
            "nvidia_cuda_cupti-13.5.25-py3-none-manylinux_2_25_x86_64.whl",
            "9dcca41c12a734192b14e7128ae116bc9ce1b9da686e2ebf48ae7a4415f76650",
        ),
    },
    "Linux-aarch64": {
        "torch": (
            "torch-2.11.0-cp311-cp311-manylinux_2_28_aarch64.whl",
            "d91aac77f24082809d2c5a93f52a5f085032740a1ebc9252a7b052ef5a4fddc6",
        ),
        "nvidia-cuda-runtime": (
            "nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
            "de2dc5a7367974228b0a69588a9acc9340d3768bef1bf38bf0801eb08497cd2d",
        ),
        "nvidia-cuda-cupti": (
            "nvidia_cuda_cupti-13.5.25-py3-none-manylinux_2_25_aarch64.whl",
            "d7e4d908315461b6ecbdadfd3c403cc796ed218b293ad117568c947e811cff28",
        ),
    },
    "Darwin-arm64": {
        "torch": (
            "torch-2.11.0-cp311-cp311-macosx_11_0_arm64.whl",
            "7b6a60d48062809f58595509c524b88e6ddec3ebe25833d6462eeab81e5f2ce4",
        ),
    },
}
# megabytes to download
DOWNLOAD_MB = {"Linux-x86_64": 550, "Linux-aarch64": 435, "Darwin-arm64": 81}


def library(name):
    """The file of a library on this machine."""
    return name + (".dylib" if MACHINE.startswith("Darwin") else ".so")


def wheels(machine):
    if machine not in WHEELS:
        stop(
            f"no pinned libtorch for {machine} (there are {', '.join(WHEELS)})",
            "install torch 2.11.0 and set CISTRON_LIBTORCH to its `torch` folder",
        )
    return WHEELS[machine]


def stop(message, hint):
    sys.exit(f"error: {message}\n  hint: {hint}")


def stop_at_disk(error):
    """Ends with what to do where a disk is full or may not be written to; other errors pass."""
    where = error.filename or HOME
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        stop(
            f"no space is left on the disk of {HOME} ({where})",
            f"libtorch needs about {NEEDED_MIB} MiB there: free some and run the command again (it resumes), "
            "or set CISTRON_LIBTORCH to a folder that holds torch 2.11.0",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        stop(f"{where} cannot be written to", "make the folder writable, or set CISTRON_LIBTORCH to a folder that holds torch 2.11.0")


def check_disk():
    free = shutil.disk_usage(HOME).free >> 20
    have = sum(path.stat().st_size for path in HOME.glob("*.whl")) + sum(path.stat().st_size for path in HOME.glob("*.part"))
    needed = NEEDED_MIB - (have >> 20)
    if free < needed:
        stop(
            f"{free} MiB are free on the disk of {HOME}, libtorch needs about {needed} MiB",
            "free some space, or set CISTRON_LIBTORCH to a folder that holds torch 2.11.0",
        )


def index_url():
    """The package index that pip on this machine uses."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    return asked.stdout.strip() or "https://pypi.org/simple"


def wheel_url(package, name):
    page = f"{index_url().rstrip('/')}/{package}/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        text, base = answer.read().decode(), answer.geturl()
    for link in re.findall(r'href="([^"]+)"', text):
        link = urllib.parse.urljoin(base, link.split("#")[0])
        if urllib.parse.unquote(link).endswith("/" + name):
            return link
    stop(f"{page} does not list {name}", "check the package index that pip is set to use")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def download(package, name, part):
    """Downloads one wheel to `part`; a broken download continues where it stopped."""
    for attempt in range(1, 6):
        have = part.stat().st_size if part.exists() else 0
        try:
            request = urllib.request.Request(wheel_url(package, name))
            if have:
                request.add_header("Range", f"bytes={have}-")
            with urllib.request.urlopen(request, timeout=60) as answer:
                resumed = answer.status == 206
                total = int(answer.headers.get("Content-Length") or 0) + (have if resumed else 0)
                done, shown = (have if resumed else 0), 0.0
                with open(part, "ab" if resumed else "wb") as file:
                    while block := answer.read(1 << 20):
                        file.write(block)
                        done += len(block)
                        if time.monotonic() - shown > 2:
                            shown = time.monotonic()
                            print(f"  {name}: {done >> 20} of {total >> 20} MiB", file=sys.stderr, flush=True)
            if total and done < total:
                raise OSError(f"the connection closed after {done} of {total} bytes")
            return
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing follows what is there: it is whole, or not this wheel
                return
            wait(attempt, error)
        except OSError as error:
            stop_at_disk(error)
            wait(attempt, error)
    stop(
        f"cannot download {name}",
        "check the network and run the command again (it resumes), or set CISTRON_LIBTORCH to a folder that holds torch 2.11.0",
    )


def fetch(package, name, expected, target):
    """Puts a wheel with the expected hash at `target`: one that is there is verified first, and fetched again where it differs."""
    if target.exists():
        if sha256(target) == expected:
            return
        print(f"  {target} does not have the expected sha256 {expected}: it is fetched again", file=sys.stderr, flush=True)
        target.unlink()
    part = target.with_suffix(".part")
    # a download that continues a part of something else fails once, and then starts from nothing
    for _ in range(2):
        resumed = part.exists()
        download(package, name, part)
        if sha256(part) == expected:
            part.rename(target)
            return
        part.unlink()
        if not resumed:
            break
    stop(
        f"{name} does not have the expected sha256 {expected}",
        f"{index_url()} serves another file under this name: check the package index that pip is set to use",
    )


def wait(attempt, error):
    print(f"  attempt {attempt} of 5: {error}", file=sys.stderr, flush=True)
    time.sleep(min(2**attempt, 15))


def wanted(name):
    """Whether a file of a wheel is needed to build and run without CUDA."""
    if name.startswith("torch/include/"):
        return True
    if name.startswith(("torch/lib/", "nvidia/")) and is_library(name):
        return not re.search(r"cuda\.so|cuda_linalg|nvshmem|_python|nvperf|pcsampling|checkpoint", name)
    return re.match(r"(torch|nvidia_\w+)-[^/]*\.dist-info/licenses/", name, re.IGNORECASE) is not None


def is_library(name):
    return ".so" in name or name.endswith(".dylib")


def unpack(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if wanted(name) and not name.endswith("/"):
                path = Path(archive.extract(name, HOME))
                if is_library(path.name):
                    path.chmod(0o755)


def make_view(lib, include):
    fresh = HOME / "view.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "lib").mkdir(parents=True)
    (fresh / "include").symlink_to(include)
    for name in map(library, LINKED):
        (fresh / "lib" / name).symlink_to(lib / name)
    (fresh / "build-version").write_text(VERSION + "\n")
    (fresh / "origin").write_text(str(lib) + "\n")
    shutil.rmtree(VIEW, ignore_errors=True)
    fresh.rename(VIEW)


def from_folder(folder):
    lib = folder if folder.name == "lib" else folder / "lib"
    include = lib.parent / "include"
    for needed in [lib / library("libtorch_cpu"), include / "ATen" / "ATen.h"]:
        if not needed.exists():
            stop(
                f"CISTRON_LIBTORCH={folder}: {needed} is missing",
                "point it at the `torch` folder of an installed torch 2.11.0, or unset it to download",
            )
    marked = [lib.parent / "build-version", lib.parent / "version.py"]
    text = next((file.read_text() for file in marked if file.exists()), "")
    found = re.search(r"\d+\.\d+\.\d+", text)
    if found and found[0] != VERSION:
        stop(f"CISTRON_LIBTORCH={folder} holds torch {found[0]}", f"torch {VERSION} is needed")
    return lib, include


def mirrored(folder, machine):
    """The wheels of a mirror: all are there, with the expected hashes."""
    paths = []
    for name, expected in wheels(machine).values():
        path = folder / "wheels" / name
        if not path.exists():
            stop(
                f"CISTRON_MIRROR={folder}: {path} is missing",
                "fill the folder on a machine with network (`CISTRON_MIRROR=DIR scripts/cistron --fetch-only`) and copy it, "
                "or unset the variable to download",
            )
        if sha256(path) != expected:
            stop(f"{path} does not have the expected sha256 {expected}", "copy the file again")
        paths.append(path)
    return paths


def fill_mirror(folder, machine):
    """Downloads the wheels of a kind of machine into a mirror."""
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    for package, (name, digest) in wheels(machine).items():
        fetch(package, name, digest, folder / "wheels" / name)
    print(f"{folder / 'wheels'} holds libtorch {VERSION} for {machine}", file=sys.stderr)


def downloaded():
    """The wheels of this machine, downloaded into the folder of libtorch."""
    check_disk()
    print(f"fetching libtorch {VERSION} (once, about {DOWNLOAD_MB[MACHINE]} MB) into {HOME}", file=sys.stderr, flush=True)
    for package, (name, digest) in wheels(MACHINE).items():
        fetch(package, name, digest, HOME / name)
        yield HOME / name


def main():
    arguments = argparse.ArgumentParser(description="Makes libtorch ready below .libtorch.")
    arguments.add_argument("--fill-mirror", action="store_true", help="download the wheels into CISTRON_MIRROR/wheels only")
    arguments.add_argument("--machine", default=MACHINE, help=f"with --fill-mirror: {', '.join(WHEELS)}")
    asked = arguments.parse_args()
    mirror = os.environ.get("CISTRON_MIRROR")
    if asked.fill_mirror:
        if not mirror:
            stop("--fill-mirror needs a folder", "set CISTRON_MIRROR=DIR")
        fill_mirror(Path(mirror).resolve(), asked.machine)
        return
    given = os.environ.get("CISTRON_LIBTORCH")
    if given:
        lib, include = from_folder(Path(given).resolve())
    else:
        lib, include = HOME / "torch" / "lib", HOME / "torch" / "include"
    origin = VIEW / "origin"
    if origin.exists() and origin.read_text().strip() == str(lib) and (given or (HOME / "complete").exists()):
        return
    HOME.mkdir(exist_ok=True)
    if not given and not (HOME / "complete").exists():
        wheels(MACHINE)  # an unknown machine ends here
        for wheel in mirrored(Path(mirror).resolve(), MACHINE) if mirror else downloaded():
            unpack(wheel)
        (HOME / "complete").write_text(VERSION + "\n")
        for name, _ in wheels(MACHINE).values():
            (HOME / name).unlink(missing_ok=True)
    make_view(lib, include)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        stop_at_disk(error)
        stop(f"{error.filename or HOME}: {error.strerror or error}", "remove the folder .libtorch and run the command again")
    except zipfile.BadZipFile as error:
        stop(f"a download is damaged: {error}", f"remove {HOME} and run the command again")
