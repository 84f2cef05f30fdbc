//! The line between program and simulator, which can die without a word: as behind a firewall that forgets its connections.

use std::net::SocketAddr;

use tokio::io::{copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Failed;

/// See the module.
pub(crate) struct Line {
    address: SocketAddr,
    cuts: watch::Sender<()>,
}

impl Line {
    /// A line to a server. It lasts as long as the process.
    pub(crate) async fn to(server: SocketAddr) -> Result<Line, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let cuts = watch::Sender::new(());
        let cut = cuts.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, cut.clone()));
            }
        });
        Ok(Line { address, cuts })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing passes through the connections that there are.
    pub(crate) fn cut(&self) {
        self.cuts.send_replace(());
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut cut: watch::Receiver<()>) {
    cut.mark_unchanged();
    let Ok(mut onward) = TcpStream::connect(server).await else {
        return;
    };
    let is_dead = tokio::select! {
        _ = copy_bidirectional(&mut client, &mut onward) => false,
        cut = cut.changed() => cut.is_ok(),
    };
    if is_dead {
        drop(onward);
        // Until the program gives up.
        let _ = copy(&mut client, &mut sink()).await;
    }
}
