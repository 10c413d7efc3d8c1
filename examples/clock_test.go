package examples

import (
	"bufio"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

func TestClock(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "clock", host.Grants{}, "interval=20ms")
		for _, last := range []int{0, 41} {
			request, err := nethttp.NewRequest("GET", "http://"+s.addr+"/", nil)
			require.NoError(t, err)
			if last > 0 {
				request.Header.Set("Last-Event-ID", strconv.Itoa(last))
			}
			response, err := s.client.Do(request)
			require.NoError(t, err)
			assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))

			lines := bufio.NewReader(response.Body)
			line := func() string {
				text, err := lines.ReadString('\n')
				require.NoError(t, err)
				return strings.TrimSuffix(text, "\n")
			}
			assert.Equal(t, "retry: 1000", line())
			assert.Empty(t, line())
			for i := range 3 {
				assert.Equal(t, "id: "+strconv.Itoa(last+1+i), line())
				data, ok := strings.CutPrefix(line(), "data: ")
				require.True(t, ok)
				at, err := time.Parse(time.RFC3339, data)
				require.NoError(t, err)
				assert.WithinDuration(t, time.Now(), at, patience)
				assert.Empty(t, line())
			}
			_, body := s.get(t, "/listeners")
			assert.Equal(t, "1\n", body)
			require.NoError(t, response.Body.Close())
			require.Eventually(t, func() bool {
				_, body := s.get(t, "/listeners")
				return body == "0\n"
			}, patience, time.Millisecond, "a timer goes on without its client")
		}
	})
}
