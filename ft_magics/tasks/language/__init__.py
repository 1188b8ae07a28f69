"""What objectives of pre-training share: raw text, its tokens on disk, rows of them."""
