use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;

use super::SqliteLedger;
use super::each::readable;
use super::fault::{fault, odd};
use super::value::json;
use crate::error::{LedgerError, Result};
use crate::keys::{Key, Keys, NewKey};

type Row = (i64, String, String, String, String, i64, Option<i64>);

#[async_trait]
impl Keys for SqliteLedger {
    async fn put_key(&self, key: &NewKey, actor: &str) -> Result<Key> {
        let hash = key.hash.as_bytes().to_vec();
        let mut tx = self.begin().await?;
        let found: Option<Row> = sqlx::query_as(
            "SELECT id, prefix, name, roles, agencies, created_at, revoked_at FROM api_key WHERE hash = ?",
        )
        .bind(&hash)
        .fetch_optional(&mut tx.conn)
        .await
        .map_err(fault)?;
        // A key that stands in the environment is put at every start: no news, no row in the audit trail.
        if let Some(known) = found.map(read).transpose()?
            && known.revoked_at.is_none()
            && (&known.prefix, &known.name, &known.roles, &known.agencies)
                == (&key.prefix, &key.name, &key.roles, &key.agencies)
        {
            tx.abandon().await?;
            return Ok(known);
        }
        let row: Row = sqlx::query_as(
            "INSERT INTO api_key (hash, prefix, name, roles, agencies, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (hash) DO UPDATE SET prefix = ?2, name = ?3, roles = ?4, agencies = ?5,
                 revoked_at = NULL
             RETURNING id, prefix, name, roles, agencies, created_at, revoked_at",
        )
        .bind(&hash)
        .bind(&key.prefix)
        .bind(&key.name)
        .bind(json(&key.roles)?)
        .bind(json(&key.agencies)?)
        .bind(tx.now.0)
        .fetch_one(&mut tx.conn)
        .await
        .map_err(fault)?;
        let kept = read(row)?;
        let detail = serde_json::json!({
            "name": kept.name, "prefix": kept.prefix, "roles": kept.roles, "agencies": kept.agencies,
        });
        tx.act(actor, "key.new", format!("key/{}", kept.id), detail.to_string());
        tx.commit().await?;
        Ok(kept)
    }

    async fn key_of(&self, hash: &BlobId) -> Result<Option<Key>> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, prefix, name, roles, agencies, created_at, revoked_at FROM api_key
             WHERE hash = ? AND revoked_at IS NULL",
        )
        .bind(hash.as_bytes().to_vec())
        .fetch_optional(self.readers())
        .await
        .map_err(fault)?;
        row.map(read).transpose()
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, prefix, name, roles, agencies, created_at, revoked_at FROM api_key
             ORDER BY created_at DESC, id DESC",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, read))
    }

    async fn revoke_key(&self, id: i64, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let name: Option<String> = sqlx::query_scalar(
            "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING name",
        )
        .bind(tx.now.0)
        .bind(id)
        .fetch_optional(&mut tx.conn)
        .await
        .map_err(fault)?;
        let Some(name) = name else {
            tx.abandon().await?;
            return Err(LedgerError::NotFound { what: "key", name: id.to_string() });
        };
        let detail = serde_json::json!({ "name": name });
        tx.act(actor, "key.revoke", format!("key/{id}"), detail.to_string());
        tx.commit().await?;
        Ok(())
    }
}

fn read((id, prefix, name, roles, agencies, created_at, revoked_at): Row) -> Result<Key> {
    Ok(Key {
        id,
        prefix,
        name,
        roles: serde_json::from_str(&roles).map_err(|e| odd("a key's roles", e))?,
        agencies: serde_json::from_str(&agencies).map_err(|e| odd("a key's agencies", e))?,
        created_at: Timestamp(created_at),
        revoked_at: revoked_at.map(Timestamp),
    })
}
