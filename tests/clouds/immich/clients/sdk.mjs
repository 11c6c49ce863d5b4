// The vendor's SDK: joins a Live Photo, makes a stack, and tells albums, pairs, stacks and bytes as it reads them. sdk.mjs INDEX.JS URL KEY
import { pathToFileURL } from 'node:url';

const [index, baseUrl, apiKey] = process.argv.slice(2);
const sdk = await import(pathToFileURL(index));
sdk.init({ baseUrl, apiKey });

const find = async (filter) => (await sdk.searchAssets({ metadataSearchDto: { ...filter, size: 100, withExif: true } })).assets.items;
const named = async (name) => (await find({ originalFileName: name }))[0];

const [still, film] = [await named('IMG_1.HEIC'), await named('IMG_1.MOV')];
await sdk.updateAsset({ id: still.id, updateAssetDto: { livePhotoVideoId: film.id } });
await sdk.createStack({ stackCreateDto: { assetIds: [(await named('IMG_2.JPG')).id, (await named('Été.jpg')).id] } });

const albums = {};
for (const album of await sdk.getAllAlbums({})) {
  const members = [...(await find({ albumIds: [album.id] })), ...(await find({ albumIds: [album.id], visibility: 'hidden' }))];
  albums[album.albumName] = members.map((asset) => asset.originalFileName).sort();
}
const live = {};
for (const asset of await find({})) {
  if (asset.livePhotoVideoId) {
    live[asset.originalFileName] = (await sdk.getAssetInfo({ id: asset.livePhotoVideoId })).originalFileName;
  }
}
const stacks = (await sdk.searchStacks({})).map((stack) => {
  const top = stack.assets.find((asset) => asset.id === stack.primaryAssetId);
  return [top, ...stack.assets.filter((asset) => asset !== top)].map((asset) => asset.originalFileName);
});
const blob = await sdk.downloadAsset({ id: (await named('IMG_2.JPG')).id });
let error;
try {
  await sdk.getAssetInfo({ id: '00000000-0000-4000-8000-000000000000' });
} catch (caught) {
  error = [caught.status, caught.data.message];
}
console.log(JSON.stringify({ albums, live, stacks, original: await blob.text(), error }));
