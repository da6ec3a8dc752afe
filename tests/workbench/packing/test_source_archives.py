"""Archives of users: whatever tar and zip can be, by whatever name."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from workbench.errors import PackageError, StartError
from workbench.local.container import model_data
from workbench.packing import source_archives


def _net(tmp_path: Path) -> Path:
    (tmp_path / "net/code").mkdir(parents=True)
    (tmp_path / "net/code/inference.py").write_text("def model_fn(model_dir): ...\n")
    return tmp_path / "net"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("net.tar", "tar"),
        ("net.tar.gz", "gztar"),
        ("net.tgz", "gztar"),
        ("net.tar.bz2", "bztar"),
        ("net.tbz2", "bztar"),
        ("net.TAR.XZ", "xztar"),
        ("net.zip", "zip"),
        ("net.tar.gz", "zip"),  # the bytes tell the kind
        ("net.zip", "tar"),
    ],
)
def test_an_archive_is_read_by_its_bytes(tmp_path: Path, name: str, kind: str) -> None:
    made = shutil.make_archive(str(tmp_path / "made"), kind, _net(tmp_path).parent, "net")
    archive = Path(made).rename(tmp_path / name)
    assert source_archives.is_archive(archive)
    assert source_archives.without_ending(name) == "net"
    with source_archives.unpacked(archive) as folder:
        assert (folder / "net/code/inference.py").read_text().startswith("def model_fn")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["net.7z", "net.rar", "net.gz", "net.tar.zst", "net.onnx.bz2"])
def test_archives_that_are_not_read_say_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(PackageError, match=r"is not read here; unpack it and name the folder, or use .tar,"):
        source_archives.is_archive(tmp_path / name)


def test_weights_and_folders_are_no_archives(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as packed:  # as torch.save makes it
        packed.writestr("data.pkl", b"")
    (tmp_path / "net.zip").mkdir()
    assert not source_archives.is_archive(tmp_path / "net.pt")
    assert not source_archives.is_archive(tmp_path / "net.zip")
    assert not source_archives.is_archive(tmp_path / "nowhere.zip")


@pytest.mark.parametrize("kind", ["gztar", "bztar", "xztar", "zip"])
def test_a_broken_archive_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    made = Path(shutil.make_archive(str(tmp_path / "made"), kind, _net(tmp_path)))
    made.write_bytes(made.read_bytes()[:-60])
    with pytest.raises(PackageError, match=r"cannot be unpacked: .*; pack it again as [^\n]*$") as failed:
        source_archives.unpacked(made).__enter__()
    assert "\n" not in str(failed.value)


def _damaged(packed: bytes, how: str) -> bytes:
    if how == "checksum":
        return packed[:-8] + bytes(4) + packed[-4:]
    if how == "length":
        return packed[:-4] + bytes(4)
    return packed[:-6] if how == "cut in the checksum" else packed + b"junk"


@pytest.mark.parametrize("how", ["checksum", "length", "cut in the checksum", "junk behind"])
@pytest.mark.parametrize("kilobytes", [1, 3000])
@pytest.mark.parametrize("ending", [".tar.gz", ".TAR.GZ"])
def test_damage_behind_the_end_of_the_tar_is_found(tmp_path: Path, how: str, kilobytes: int, ending: str) -> None:
    (_net(tmp_path) / "weights.bin").write_bytes(os.urandom(kilobytes << 10))
    made = Path(shutil.make_archive(str(tmp_path / "made"), "gztar", tmp_path / "net"))
    archive = made.with_name(f"damaged{ending}")
    archive.write_bytes(_damaged(made.read_bytes(), how))
    with pytest.raises(PackageError, match=r"cannot be unpacked: [^\n]*; pack it again as [^\n]*$"):
        source_archives.unpacked(archive).__enter__()
    with (
        pytest.raises(StartError, match=r"is not a model.tar.gz that can be unpacked"),
        model_data.unpacked(archive, str(archive), region="us-east-1"),
    ):
        pass


def test_files_beside_the_folder_are_not_written(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "net.tar", "w") as packed:
        packed.add(_net(tmp_path), "../beside")
    with pytest.raises(PackageError, match=r"would be extracted to .*, which is outside the destination"):
        source_archives.unpacked(tmp_path / "net.tar").__enter__()
