"""Programs and libraries of the image's system, Debian's essential ones, where this machine has many more.

A package that has to be compiled, or needs a library such as libGL, would be served here and not in the image.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from workbench import places
from workbench.measuring import processes

# Listed in an image that containers/inference/Dockerfile built; programs for disks and users are left out.
_PROGRAMS = """
[ arch awk b2sum base32 base64 basename basenc bash cat chgrp chmod chown cksum clear cmp comm cp csplit cut dash date
dd debconf df diff diff3 dir dirname dmesg dnsdomainname domainname dpkg dpkg-query du echo egrep env expand expr factor
false fgrep find flock fmt fold getconf getent getopt grep groups gunzip gzip head hostid hostname iconv id install
ionice ipcs join ldconfig ldd link ln locale localedef logname ls lscpu mawk md5sum mkdir mkfifo mknod mktemp more mv
namei nawk nice nl nohup nproc numfmt od openssl paste pathchk perl pidof pinky pr printenv printf prlimit ptx pwd rbash
readlink realpath rename.ul renice rev rgrep rm rmdir run-parts script sdiff sed seq setarch setpriv setsid sh sha1sum
sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tar taskset tee
tempfile test timeout toe touch tput tr true truncate tset tsort tty tzselect uname uncompress unexpand uniq unlink
unshare users vdir wc whereis which who whoami xargs yes zcat zcmp zdiff zegrep zfgrep zforce zgrep zless zmore znew
"""
_LIBRARIES = re.compile(
    r"(ld-linux-x86-64|lib(acl|anl|attr|audit|blkid|bz2|c|cap|cap-ng|com_err|crypt|crypto|db-5\.3|dl|expat|ffi|form\w?|"
    r"gcc_s|gcrypt|gdbm|gmp|gnutls|gomp|gpg-error|gssapi_krb5|history|hogweed|idn2|k5crypto|keyutils|krb5|krb5support|"
    r"lz4|lzma|m|menu\w?|md|mount|mvec|ncurses\w?|nettle|nsl|nss_\w+|p11-kit|pam|panel\w?|pcre2-8|psx|pthread|"
    r"python3[.\d]*|quadmath|readline|resolv|rt|seccomp|selinux|sqlite3|ssl|stdc\+\+|systemd|tasn1|thread_db|tic|tinfo|"
    r"tirpc|udev|unistring|util|uuid|xxhash|z|zstd))[-.\d]*\.so[.\d]*"
)
_DRIVER = re.compile(r"lib(cuda|nvidia|nvcuvid|nvoptix)")  # the platform puts these into a container
_MAPPED = re.compile(r"(/\S.*\.so[.\d]*)$", re.MULTILINE)


def link_programs(folder: Path) -> None:
    """Link the programs that the image has, too, into a folder for a search path."""
    folder.mkdir()
    for name in _PROGRAMS.split():
        if found := shutil.which(name):
            (folder / name).symlink_to(found)


def foreign_libraries(process: int, *, own: Iterable[Path]) -> list[str]:
    """Names of libraries of this machine that a process or its children have loaded and the image lacks.

    Args:
        process: id of the first process.
        own: folders with the model's own libraries, beside the temporary one.
    """
    python = (places.SERVING_ENVIRONMENT / "bin" / "python3").resolve()
    prefix, version = python.parents[1], f"python3.{sys.version_info.minor}"
    roots = [places.SERVING_ENVIRONMENT, prefix / "lib" / version, Path(tempfile.gettempdir()), *own]
    if prefix != Path("/usr"):
        roots.append(prefix)
    maps = "".join(_maps(each) for each in processes.family(process))
    return _foreign(maps, [root.resolve() for root in roots])


def _maps(process: int) -> str:
    try:
        return Path(f"/proc/{process}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended
        return ""


def _foreign(maps: str, own: list[Path]) -> list[str]:
    """Names from proc(5)'s maps that are neither below a folder nor among those of the image."""
    mapped = {Path(path) for path in _MAPPED.findall(maps)}
    outside = {path.name for path in mapped if not any(path.is_relative_to(root) for root in own)}
    return sorted(name for name in outside if not _LIBRARIES.fullmatch(name) and not _DRIVER.match(name))
