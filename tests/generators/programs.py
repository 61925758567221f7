"""What each generated client runs: it lists the first invoices, and prints number and total of each, one a line."""

from typing import Final

GO: Final = """
package main

import (
	"context"
	"fmt"
	"os"

	waldur "example.com/waldur"
)

func main() {
	configuration := waldur.NewConfiguration()
	configuration.Servers = waldur.ServerConfigurations{{URL: os.Args[1]}}
	configuration.AddDefaultHeader("Authorization", "Token "+os.Args[2])
	client := waldur.NewAPIClient(configuration)
	invoices, _, err := client.InvoicesAPI.InvoicesList(context.Background()).PageSize(3).Execute()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, invoice := range invoices {
		fmt.Println(invoice.GetNumber(), invoice.GetTotal())
	}
}
"""

JAVA: Final = """
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.InvoicesApi;
import org.openapitools.client.model.Invoice;

public class Main {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setRequestInterceptor(request -> request.header("Authorization", "Token " + arguments[1]));
        for (Invoice invoice : new InvoicesApi(client).invoicesList(
                null, null, null, null, null, null, null, null, 3, null, null, null)) {
            System.out.println(invoice.getNumber() + " " + invoice.getTotal());
        }
    }
}
"""

PYTHON: Final = """
import sys

import waldur_generated as waldur

configuration = waldur.Configuration(host=sys.argv[1])
with waldur.ApiClient(configuration) as client:
    client.set_default_header("Authorization", f"Token {sys.argv[2]}")
    for invoice in waldur.InvoicesApi(client).invoices_list(page_size=3):
        print(invoice.number, invoice.total)
"""

OPENAPI_PYTHON_CLIENT: Final = """
import sys

from waldur_generated import AuthenticatedClient
from waldur_generated.api.invoices import invoices_list

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], prefix="Token")
for invoice in invoices_list.sync(client=client, page_size=3):
    print(invoice.number, invoice.total)
"""

TYPESCRIPT: Final = """
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [url, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Token ${token}` } });
const { data, error } = await client.GET("/api/invoices/", { params: { query: { page_size: 3 } } });
if (error || !data) {
  console.error(error);
  process.exit(1);
}
for (const invoice of data) {
  const total: string | undefined = invoice.total;
  console.log(`${invoice.number} ${total}`);
}
"""
