package handler

import "github.com/portholehttp/porthole/guest/http"

// dump answers, when the request is complete, with a JSON object of all that is known of it. Text is taken for
// ISO 8859-1, as Node does: \u00e9 is the byte e9.
func (h *Handler) dump(req *http.ServerRequest, res *http.ServerResponse, _ query) {
	var body []byte
	req.OnData(func(chunk []byte) { body = append(body, chunk...) })
	req.OnEnd(func() {
		out := appendText([]byte(`{"method":`), req.Method())
		out = appendText(append(out, `,"url":`...), req.URL())
		out = appendText(append(out, `,"version":`...), req.HTTPVersion())
		out = appendFields(append(out, `,"headers":`...), req.Headers())
		out = appendFields(append(out, `,"trailers":`...), req.Trailers())
		out = appendText(append(out, `,"body":`...), string(body))
		fault(res, res.SetHeader("Content-Type", "application/json"))
		res.End(append(out, "}\n"...))
	})
}

// appendFields appends an array of pairs of name and value.
func appendFields(out []byte, fields http.Headers) []byte {
	out = append(out, '[')
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(append(out, '['), f.Name)
		out = append(appendText(append(out, ','), f.Value), ']')
	}
	return append(out, ']')
}

func appendText(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c >= 0x7f:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
