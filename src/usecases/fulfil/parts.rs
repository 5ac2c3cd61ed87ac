//! The rows of a manifest that names very many are kept in sealed parts, and read from there a part at a time.

use std::io;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::super::{Error, Office};
use crate::crash;
use crate::domain::audit::Hash;
use crate::domain::ids::RequestId;
use crate::fulfilment::Manifest;
use crate::fulfilment::row_parts::RowSource;
use crate::store::Store;

/// Rows of one step as the store keeps them.
struct Kept {
    store: Store,
    request: RequestId,
    round: i32,
    first: u32,
}

impl RowSource for Kept {
    fn part(&self, part: u32) -> io::Result<Zeroizing<Vec<u8>>> {
        let (request, round, number) = (self.request, self.round, number(self.first + part));
        let kept = self.store.read_blocking(move |tx| tx.manifest_part(request, round, number));
        kept.map_err(io::Error::other)?.ok_or_else(|| io::Error::other("a part of a manifest is not there"))
    }
}

/// Keeps the rows of a manifest that is about to be kept itself; gives in how many parts. Blocks.
pub(super) fn keep(office: &Office, id: RequestId, manifest: &mut Manifest) -> Result<u32, Error> {
    let round = i32::try_from(manifest.round).unwrap_or(i32::MAX);
    let mut next = 0;
    for parts in manifest.steps_in_parts() {
        if next == 0 {
            office.store.write_blocking(move |tx| tx.clear_manifest_parts(id, round))?;
        }
        parts.first = next;
        let mut sum = Context::new(&SHA256);
        for part in 0..parts.parts {
            let text = parts.text(part).map_err(|_| Error::Files("read rows of a manifest".into()))?;
            sum.update(&text);
            let number = number(next);
            office.store.write_blocking(move |tx| tx.put_manifest_part(id, round, number, &text))?;
            crash::point("erasure.between_parts");
            next += 1;
        }
        parts.sum = Hash(sum.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")).to_hex();
        parts.source = Some(source(office, id, round, parts.first));
    }
    Ok(next)
}

/// Says where the rows of a manifest are that was read.
pub(super) fn find(office: &Office, id: RequestId, manifest: &mut Manifest) {
    let round = i32::try_from(manifest.round).unwrap_or(i32::MAX);
    for parts in manifest.steps_in_parts() {
        parts.source = Some(source(office, id, round, parts.first));
    }
}

fn source(office: &Office, request: RequestId, round: i32, first: u32) -> Arc<dyn RowSource> {
    Arc::new(Kept { store: office.store.clone(), request, round, first })
}

fn number(part: u32) -> i32 {
    i32::try_from(part).unwrap_or(i32::MAX)
}
