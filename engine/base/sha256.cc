#define OPENSSL_SUPPRESS_DEPRECATED  // see sha256_backlog.cc
#include "base/sha256.h"

#include <utility>

#include "base/sha256_backlog.h"
#include "base/sha256_pair.h"
#include "base/status.h"

namespace millrace {
namespace {

// Below this, asking others costs more than it saves.
constexpr size_t kSharedBytesMin = 16 << 10;

}  // namespace

Sha256::Sha256() : stream_(std::make_unique<Sha256Stream>()) {
  MILLRACE_CHECK(SHA256_Init(&stream_->context) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;

Sha256& Sha256::operator=(Sha256&& other) noexcept {
  Sha256 old(std::move(other));  // what is left to others goes with the stream it belongs to
  std::swap(stream_, old.stream_);
  return *this;
}

Sha256::~Sha256() {
  if (stream_ && stream_->deferred) Sha256Backlog::OfProcess().TakeBack(stream_.get());
}

void Sha256::Update(const void* data, size_t bytes) {
  if (stream_->deferred) CatchUp();
  if (bytes >= kSharedBytesMin) {
    HashWithBacklog(stream_.get(), static_cast<const uint8_t*>(data), bytes);
  } else {
    MILLRACE_CHECK(SHA256_Update(&stream_->context, data, bytes) == 1);
  }
}

void Sha256::UpdateLater(std::shared_ptr<const void> keep, const void* data, size_t bytes) {
  if (bytes >= kSharedBytesMin && CanPairSha256()) {
    Sha256Stream::Piece piece{std::move(keep), static_cast<const uint8_t*>(data), bytes};
    if (Sha256Backlog::OfProcess().Leave(stream_.get(), std::move(piece))) {
      stream_->deferred = true;
      return;
    }
  }
  Update(data, bytes);
}

void Sha256::CatchUp() {
  for (const auto& piece : Sha256Backlog::OfProcess().TakeBack(stream_.get())) {
    HashWithBacklog(stream_.get(), piece.data, piece.bytes);
  }
  stream_->deferred = false;
}

void Sha256::UpdateField(std::string_view text) {
  uint64_t bytes = text.size();
  unsigned char length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(bytes >> (8 * i));
  Update(length, sizeof length);
  Update(text);
}

std::string Sha256::FinishHex() {
  if (stream_->deferred) CatchUp();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  MILLRACE_CHECK(SHA256_Final(digest, &stream_->context) == 1);
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view data) {
  Sha256 hash;
  hash.Update(data);
  return hash.FinishHex();
}

}  // namespace millrace
