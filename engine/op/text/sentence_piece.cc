#include "op/text/sentence_piece.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <unordered_map>
#include <vector>

#include "op/text/piece_model.h"
#include "op/text/piece_text.h"
#include "op/text/piece_trie.h"

namespace millrace::op {
namespace {

constexpr int32_t kUnknown = -1;

/// What both kinds of model share: the pieces that a text can be cut into, and how what is in none
/// of them is counted.
class Model : public TokenCounter {
 public:
  Model(PieceModel model, PieceText text) : model_(std::move(model)), text_(std::move(text)) {
    for (size_t i = 0; i < model_.pieces.size(); ++i) {
      const Piece& piece = model_.pieces[i];
      const bool cuts = piece.type == Piece::kNormal || piece.type == Piece::kUserDefined ||
                        piece.type == Piece::kUnused;
      if (cuts && !piece.text.empty()) trie_.Add(piece.text, static_cast<int32_t>(i));
    }
  }

 protected:
  const Piece& PieceOf(int32_t id) const { return model_.pieces[static_cast<size_t>(id)]; }
  const std::vector<Piece>& pieces() const { return model_.pieces; }
  const PieceText& text() const { return text_; }
  const PieceTrie& trie() const { return trie_; }

  /// Tokens so far; neighbours that no piece has are one, or, where the model says so, one for each
  /// byte.
  struct Count {
    int64_t tokens = 0;
    bool after_unknown = false;
  };
  void Add(bool unknown, size_t bytes, Count* count) const {
    if (!unknown) {
      ++count->tokens;
    } else if (model_.byte_fallback) {
      count->tokens += static_cast<int64_t>(bytes);
    } else if (!count->after_unknown) {
      ++count->tokens;
    }
    count->after_unknown = unknown;
  }

 private:
  PieceModel model_;
  PieceText text_;
  PieceTrie trie_;
};

/// The cut with the highest sum of scores.
class UnigramModel : public Model {
 public:
  UnigramModel(PieceModel model, PieceText text) : Model(std::move(model), std::move(text)) {
    float least = std::numeric_limits<float>::max();
    most_ = std::numeric_limits<float>::lowest();
    for (const Piece& piece : pieces()) {
      if (piece.type != Piece::kNormal) continue;
      least = std::min(least, piece.score);
      most_ = std::max(most_, piece.score);
    }
    unknown_ = least - 10.0F;
  }

  int64_t CountTokens(std::string_view raw, Scratch*) const override {
    const std::string text = this->text().Prepare(raw);
    // In the arithmetic of the library, so that ties fall as they do there.
    struct End {
      float score = 0;
      int64_t begin = -1;
      int32_t piece = kUnknown;
    };
    std::vector<End> ends(text.size() + 1);
    for (size_t at = 0; at < text.size();) {
      const std::string_view rest = std::string_view(text).substr(at);
      const size_t character = CharacterBytes(rest);
      const float so_far = ends[at].score;
      bool whole = false;  // the character itself is a piece
      const auto reach = [&](size_t bytes, double score, int32_t piece) {
        End& end = ends[at + bytes];
        const double sum = score + static_cast<double>(so_far);
        if (end.begin >= 0 && !(sum > static_cast<double>(end.score))) return;
        end.score = static_cast<float>(sum);
        end.begin = static_cast<int64_t>(at);
        end.piece = piece;
      };
      trie().ForPrefixes(rest, [&](int32_t id, size_t bytes) {
        const Piece& piece = PieceOf(id);
        if (piece.type == Piece::kUnused) return;
        const double score = piece.type == Piece::kUserDefined
                                 ? static_cast<double>(static_cast<float>(bytes) * most_) - 0.1
                                 : static_cast<double>(piece.score);
        reach(bytes, score, id);
        whole |= bytes == character;
      });
      if (!whole) reach(character, static_cast<double>(unknown_), kUnknown);
      at += character;
    }
    std::vector<std::pair<bool, size_t>> cuts;  // unknown, bytes; from the end
    for (size_t end = text.size(); end > 0;) {
      const auto begin = static_cast<size_t>(ends[end].begin);
      cuts.emplace_back(ends[end].piece == kUnknown, end - begin);
      end = begin;
    }
    Count count;
    for (size_t i = cuts.size(); i-- > 0;) Add(cuts[i].first, cuts[i].second, &count);
    return count.tokens;
  }

 private:
  float most_ = 0, unknown_ = 0;
};

/// Neighbours are joined, those of the best score first.
class BpeModel : public Model {
 public:
  using Model::Model;

  int64_t CountTokens(std::string_view raw, Scratch*) const override {
    const std::string text = this->text().Prepare(raw);
    std::vector<Symbol> symbols = Characters(text);
    std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>> made_of;
    std::priority_queue<Pair> agenda;
    const auto consider = [&](int64_t left, int64_t right) {
      if (left < 0 || right < 0) return;
      const Symbol& a = symbols[static_cast<size_t>(left)];
      const Symbol& b = symbols[static_cast<size_t>(right)];
      if (a.frozen || b.frozen) return;
      const std::string_view joined(a.text.data(), a.text.size() + b.text.size());
      const int32_t id = trie().Find(joined);
      if (id < 0) return;
      agenda.push({PieceOf(id).score, left, right, joined.size()});
      if (PieceOf(id).type == Piece::kUnused) made_of[joined] = {a.text, b.text};
    };
    for (size_t i = 1; i < symbols.size(); ++i) {
      consider(static_cast<int64_t>(i) - 1, static_cast<int64_t>(i));
    }
    while (!agenda.empty()) {
      const Pair pair = agenda.top();
      agenda.pop();
      Symbol& left = symbols[static_cast<size_t>(pair.left)];
      Symbol& right = symbols[static_cast<size_t>(pair.right)];
      // One of them may have been joined to another since.
      if (left.text.empty() || right.text.empty() ||
          left.text.size() + right.text.size() != pair.bytes) {
        continue;
      }
      left.text = std::string_view(left.text.data(), pair.bytes);
      left.next = right.next;
      if (right.next >= 0) symbols[static_cast<size_t>(right.next)].before = pair.left;
      right.text = {};
      consider(left.before, pair.left);
      consider(pair.left, left.next);
    }
    Count count;
    for (int64_t at = symbols.empty() ? -1 : 0; at >= 0;
         at = symbols[static_cast<size_t>(at)].next) {
      AddPiece(symbols[static_cast<size_t>(at)].text, made_of, 0, &count);
    }
    return count.tokens;
  }

 private:
  struct Symbol {
    std::string_view text;  // empty: joined to the one before
    int64_t before = -1, next = -1;
    bool frozen = false;
  };
  struct Pair {
    float score = 0;
    int64_t left = 0, right = 0;
    size_t bytes = 0;
    // Of equal scores the first in the text comes first.
    bool operator<(const Pair& other) const {
      return score < other.score || (score == other.score && left > other.left);
    }
  };

  // Symbols of the user are one from the beginning, and stay so.
  std::vector<Symbol> Characters(const std::string& text) const {
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < text.size();) {
      const std::string_view rest = std::string_view(text).substr(at);
      size_t bytes = 0;
      trie().ForPrefixes(rest, [&](int32_t id, size_t of) {
        if (PieceOf(id).type == Piece::kUserDefined) bytes = of;
      });
      Symbol& symbol = symbols.emplace_back();
      symbol.frozen = bytes > 0;
      if (bytes == 0) bytes = CharacterBytes(rest);
      symbol.text = rest.substr(0, bytes);
      symbol.before = static_cast<int64_t>(symbols.size()) - 2;
      at += bytes;
      symbol.next = at < text.size() ? static_cast<int64_t>(symbols.size()) : -1;
    }
    return symbols;
  }

  // A piece that is not to be used is cut into what it was made of.
  void AddPiece(std::string_view text,
                const std::unordered_map<std::string_view,
                                         std::pair<std::string_view, std::string_view>>& made_of,
                int depth, Count* count) const {
    const int32_t id = trie().Find(text);
    const auto parts = made_of.find(text);
    if (id >= 0 && PieceOf(id).type == Piece::kUnused && parts != made_of.end() && depth < 100) {
      AddPiece(parts->second.first, made_of, depth + 1, count);
      AddPiece(parts->second.second, made_of, depth + 1, count);
      return;
    }
    Add(id < 0, text.size(), count);
  }
};

}  // namespace

Result<std::shared_ptr<const TokenCounter>> ParseSentencePiece(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(PieceModel model, ReadPieceModel(bytes));
  ARROW_ASSIGN_OR_RAISE(PieceText text, PieceText::Make(model));
  switch (model.kind) {
    case PieceModel::kUnigram:
      return std::make_shared<const UnigramModel>(std::move(model), std::move(text));
    case PieceModel::kBpe:
      return std::make_shared<const BpeModel>(std::move(model), std::move(text));
    default:
      return MakeError(ErrorCode::kBadValue,
                       "its model is neither of type unigram nor of type bpe");
  }
}

}  // namespace millrace::op
