use madang_document::document::Document;
use madang_ledger::error::LedgerError;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use madang_ledger::rereads::{self, Lost};
use madang_store::blobs::BlobError;

use crate::server::Server;

/// What was kept of a document, and may be lost or damaged when somebody asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Its text.
    Text,
    /// Its preview.
    Preview,
}

impl Kept {
    fn by(self) -> By {
        match self {
            Kept::Text => By::Texts,
            Kept::Preview => By::Previews,
        }
    }

    fn kind(self) -> NoteKind {
        match self {
            Kept::Text => NoteKind::TextLost,
            Kept::Preview => NoteKind::PreviewLost,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kept::Text => "text",
            Kept::Preview => "preview",
        }
    }

    /// It could not be had. What was made of a file can be made again: if it will not come back by itself, the file is read
    /// anew, at once and then later each time, however often it is asked for, and that is noted for the operator.
    pub(crate) async fn met(self, server: &Server, document: &Document, error: &BlobError) {
        if error.is_lasting()
            && let Err(error) = self.note(server, document, &error.to_string()).await
        {
            tracing::warn!(%error, document = %document.id, "its {} is lost, which cannot be noted now", self.word());
        }
    }

    /// It was had whole: what was noted of it is done.
    pub(crate) async fn had(self, server: &Server, document: &Document) {
        let told = async {
            let subject = document.id.to_string();
            if server.ledger.noted(&self.by(), &subject).await?.is_some() {
                server.ledger.clear_notes(&self.by(), &[subject]).await?;
            }
            Ok::<_, LedgerError>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, document = %document.id, "what was noted of its {} stands", self.word());
        }
    }

    async fn note(
        self,
        server: &Server,
        document: &Document,
        why: &str,
    ) -> Result<(), LedgerError> {
        let ledger = &server.ledger;
        let subject = document.id.to_string();
        // Text and preview may lie in one blob, and the indexer may have met it first: then it is done already.
        let index = By::Reader(Reader::Index(document.partition()));
        if ledger.noted(&index, &subject).await?.is_some() {
            return Ok(());
        }
        // What was read anew meanwhile has another one.
        let stands = ledger.document(document.id).await?.is_some_and(|now| {
            let (now_kept, then) = match self {
                Kept::Text => (now.document.text, document.text),
                Kept::Preview => (now.document.preview, document.preview),
            };
            !now.withdrawn && now_kept == then
        });
        if !stands {
            return Ok(());
        }
        let lost = Lost {
            by: &self.by(),
            kind: self.kind(),
            what: self.word(),
            document: document.id,
            agency: &document.agency,
            why,
        };
        rereads::lost(ledger.as_ref(), lost, server.now()).await.map(|_| ())
    }
}
