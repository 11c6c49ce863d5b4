// The vendor's SDK, of 2.7.5 or 3.2.2: brings a folder's files, joins a Live Photo, makes an album and a stack, and tells all of it as it reads it.
// sdk.mjs INDEX.JS URL KEY FOLDER
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [index, baseUrl, apiKey, folder] = process.argv.slice(2);
const sdk = await import(pathToFileURL(index));
sdk.init({ baseUrl, apiKey });
const { major } = await sdk.getServerVersion();

const uploads = [];
for (const round of [1, 2]) {
  for (const name of readdirSync(folder).sort()) {
    const bytes = readFileSync(join(folder, name));
    const device = major < 3 ? { deviceAssetId: name, deviceId: 'sdk' } : {};
    const dto = {
      ...device,
      fileCreatedAt: '2020-09-13T12:26:40.000Z',
      fileModifiedAt: '2020-09-13T12:26:40.000Z',
      filename: name,
      isFavorite: name.endsWith('.jpg'),
      assetData: new File([bytes], name),
    };
    const xImmichChecksum = createHash('sha1').update(bytes).digest('hex');
    uploads.push((await sdk.uploadAsset({ xImmichChecksum: round === 2 ? xImmichChecksum : undefined, assetMediaCreateDto: dto })).status);
  }
}

const find = async (filter) => (await sdk.searchAssets({ metadataSearchDto: { ...filter, size: 100, withExif: true } })).assets.items;
const named = async (name) => (await find({ originalFileName: name }))[0];
const [still, film, first, second] = await Promise.all(['still.heic', 'film.mov', 'first.jpg', 'second.jpg'].map(named));

await sdk.updateAsset({ id: still.id, updateAssetDto: { livePhotoVideoId: film.id, description: 'The sea' } });
await sdk.createStack({ stackCreateDto: { assetIds: [first.id, second.id] } });
const album = await sdk.createAlbum({ createAlbumDto: { albumName: 'Sea' } });
await sdk.addAssetsToAlbum({ id: album.id, bulkIdsDto: { ids: [still.id, first.id] } });
await sdk.removeAssetFromAlbum({ id: album.id, bulkIdsDto: { ids: [first.id] } });
await sdk.updateAlbumInfo({ id: album.id, updateAlbumDto: { albumName: 'The sea' } });
await sdk.updateAssetMetadata({ id: still.id, assetMetadataUpsertDto: { items: [{ key: 'sdk', value: { of: 'a test' } }] } });
await sdk.deleteAssets({ assetBulkDeleteDto: { ids: [second.id] } });
const binned = (await sdk.getAssetInfo({ id: second.id })).isTrashed;
await sdk.restoreAssets({ bulkIdsDto: { ids: [second.id] } });

const told = await sdk.getAssetInfo({ id: still.id });
let error;
try {
  await sdk.getAssetInfo({ id: '00000000-0000-4000-8000-000000000000' });
} catch (caught) {
  error = [caught.status, caught.data.message];
}
console.log(JSON.stringify({
  uploads,
  binned,
  film: (await sdk.getAssetInfo({ id: told.livePhotoVideoId })).visibility,
  caption: told.exifInfo.description,
  checksum: told.checksum === createHash('sha1').update(readFileSync(join(folder, 'still.heic'))).digest('base64'),
  metadata: await sdk.getAssetMetadata({ id: still.id }).then((kept) => kept.map(({ key, value }) => [key, value])),
  albums: (await sdk.getAllAlbums({})).map((one) => [one.albumName, one.assetCount]),
  members: (await find({ albumIds: [album.id] })).map((asset) => asset.originalFileName),
  stacks: (await sdk.searchStacks({})).map((stack) => stack.assets.map((asset) => [asset.originalFileName, asset.id === stack.primaryAssetId]).sort()),
  original: await (await sdk.downloadAsset({ id: first.id })).text(),
  error,
}));
