//! Assets and their files.

use camroll_model as model;

use super::bounds::{Checked, LIST_LIMIT, POINTER_LIMIT, bytes_of, few, id, name, names};
use super::words::{
    attributes, attributes_out, digests, digests_out, instant, instant_out, kind, kind_out, role, role_out,
};
use crate::bindings::camroll::connector::types as wit;

pub(super) fn resource(resource: wit::AssetResource) -> Checked<model::Resource> {
    Ok(model::Resource {
        id: model::ResourceId(id("a resource's id", resource.id)?),
        role: role(resource.role),
        version: name("a resource's version", resource.version)?,
        name: resource
            .name
            .map(|written| name("a file's name", written))
            .transpose()?,
        media_type: name("a media type", resource.media_type)?,
        size: resource.size,
        digests: digests(resource.digests)?,
        available: resource.available,
        pointer: bytes_of("a pointer", resource.pointer, POINTER_LIMIT)?,
        attributes: attributes(resource.attributes)?,
    })
}

pub(super) fn resource_out(resource: model::Resource) -> wit::AssetResource {
    wit::AssetResource {
        id: resource.id.0,
        role: role_out(resource.role),
        version: resource.version,
        name: resource.name,
        media_type: resource.media_type,
        size: resource.size,
        digests: digests_out(resource.digests),
        available: resource.available,
        pointer: resource.pointer,
        attributes: attributes_out(resource.attributes),
    }
}

pub(super) fn asset(asset: wit::Asset) -> Checked<model::Asset> {
    Ok(model::Asset {
        id: model::AssetId(id("an asset's id", asset.id)?),
        keys: names("an asset's keys", asset.keys)?,
        version: name("an asset's version", asset.version)?,
        kind: kind(asset.kind),
        traits: names("traits", asset.traits)?,
        name: asset.name.map(|written| name("a file's name", written)).transpose()?,
        taken: asset.taken.map(instant).transpose()?,
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant).transpose()?,
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: few("resources", asset.resources, LIST_LIMIT)?
            .into_iter()
            .map(resource)
            .collect::<Checked<_>>()?,
        attributes: attributes(asset.attributes)?,
    })
}

pub(super) fn asset_out(asset: model::Asset) -> wit::Asset {
    wit::Asset {
        id: asset.id.0,
        keys: asset.keys,
        version: asset.version,
        kind: kind_out(asset.kind),
        traits: asset.traits,
        name: asset.name,
        taken: asset.taken.map(instant_out),
        taken_offset: asset.taken_offset,
        added: asset.added.map(instant_out),
        favorite: asset.favorite,
        hidden: asset.hidden,
        resources: asset.resources.into_iter().map(resource_out).collect(),
        attributes: attributes_out(asset.attributes),
    }
}
