"""A client that is generated from the vendor's document of 1.134.0: brings files, joins a Live Photo, makes an album and a stack, and tells all of it as it reads it.

sdk_1_134.py URL KEY FOLDER
"""
import base64
import datetime
import hashlib
import json
import pathlib
import sys

import immich_python_sdk as sdk

url, key, folder = sys.argv[1:]
client = sdk.ApiClient(sdk.Configuration(host=url, api_key={"api_key": key}))
assets, albums, stacks = sdk.AssetsApi(client), sdk.AlbumsApi(client), sdk.StacksApi(client)
search, trash, users = sdk.SearchApi(client), sdk.TrashApi(client), sdk.UsersApi(client)
when = datetime.datetime(2020, 9, 13, 12, 26, 40, tzinfo=datetime.timezone.utc)


def find(**filter):
    return search.search_assets(sdk.MetadataSearchDto(size=100, with_exif=True, **filter)).assets.items


uploads, ids = [], {}
for _ in range(2):
    for path in sorted(pathlib.Path(folder).iterdir()):
        # The document says nothing of 200, which is what a duplicate gets.
        told = assets.upload_asset_with_http_info(
            asset_data=(path.name, path.read_bytes()), device_asset_id=path.name, device_id="sdk", file_created_at=when, file_modified_at=when
        )
        done = sdk.AssetMediaResponseDto.from_json(told.raw_data.decode())
        uploads.append([told.status_code, done.status.value])
        ids[path.name] = done.id
still = assets.update_asset(ids["still.heic"], sdk.UpdateAssetDto(live_photo_video_id=ids["film.mov"], description="The sea"))
stacks.create_stack(sdk.StackCreateDto(asset_ids=[ids["first.jpg"], ids["second.jpg"]]))
album = albums.create_album(sdk.CreateAlbumDto(album_name="Sea"))
albums.add_assets_to_album(album.id, sdk.BulkIdsDto(ids=[ids["still.heic"], ids["first.jpg"]]))
albums.remove_asset_from_album(album.id, sdk.BulkIdsDto(ids=[ids["first.jpg"]]))
albums.update_album_info(album.id, sdk.UpdateAlbumDto(album_name="The sea"))
assets.delete_assets(sdk.AssetBulkDeleteDto(ids=[ids["second.jpg"]]))
binned = assets.get_asset_info(ids["second.jpg"]).is_trashed
trash.restore_assets(sdk.BulkIdsDto(ids=[ids["second.jpg"]]))
check = assets.check_bulk_upload(
    sdk.AssetBulkUploadCheckDto(assets=[sdk.AssetBulkUploadCheckItem(id="x", checksum=still.checksum)])
).results[0]
try:
    assets.get_asset_info("00000000-0000-4000-8000-000000000000")
    error = None
except sdk.ApiException as caught:
    error = [caught.status, json.loads(caught.body)["message"]]
digest = hashlib.sha1(pathlib.Path(folder, "still.heic").read_bytes()).digest()
print(
    json.dumps(
        {
            "uploads": uploads,
            "binned": binned,
            "film": assets.get_asset_info(still.live_photo_video_id).visibility.value,
            "caption": still.exif_info.description,
            "checksum": still.checksum == base64.b64encode(digest).decode(),
            "check": [check.action, check.reason, check.asset_id == still.id],
            "albums": [[one.album_name, one.asset_count] for one in albums.get_all_albums()],
            "members": [asset.original_file_name for asset in albums.get_album_info(album.id).assets],
            "stacks": [sorted([asset.original_file_name, asset.id == one.primary_asset_id] for asset in one.assets) for one in stacks.search_stacks()],
            "found": sorted(asset.original_file_name for asset in find()),
            "original": assets.download_asset(ids["first.jpg"]).decode(),
            "user": users.get_my_user().email,
            "error": error,
        }
    )
)
