#!/usr/bin/env python3
"""Has nc-py-api use the simulator: upload_in_chunks.py URL USER PASSWORD. Uploads in chunks (version 2 of the protocol), over what is there and anew, reads back, lists, deletes."""
import io
import random
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

from nc_py_api import Nextcloud, NextcloudException  # noqa: E402


def main() -> None:
    url, user, password = sys.argv[1:4]
    cloud = Nextcloud(nextcloud_url=url, nc_auth_user=user, nc_auth_pass=password)
    assert cloud.capabilities["files"]["bigfilechunking"]
    cloud.files.makedirs("Photos/2024", exist_ok=True)
    content = random.Random(1).randbytes(12_000_003)
    path = "Photos/2024/é 1.mov"
    uploaded = cloud.files.upload_stream(path, io.BytesIO(content))
    assert cloud.files.download(path) == content
    there = cloud.files.by_path(path)
    assert there.info.size == len(content), there.info
    assert there.file_id == uploaded.file_id, (there.file_id, uploaded.file_id)
    # Over what is there: the same file with other bytes.
    cloud.files.upload_stream(path, io.BytesIO(content[:11_000_000]))
    assert cloud.files.download(path) == content[:11_000_000]
    assert cloud.files.by_path(path).file_id == uploaded.file_id
    cloud.files.upload("Photos/small.txt", b"small")
    assert [node.name for node in cloud.files.listdir("Photos")] == ["2024", "small.txt"]
    cloud.files.delete("Photos/small.txt")
    assert cloud.files.by_path("Photos/2024") is not None
    try:
        cloud.files.by_path("Photos/small.txt")
        raise AssertionError("it is still there")
    except NextcloudException as gone:
        assert gone.status_code == 404, gone
    try:
        cloud.files.mkdir("Photos/2024")
        raise AssertionError("made twice")
    except NextcloudException as there:
        assert there.status_code == 405, there


if __name__ == "__main__":
    main()
